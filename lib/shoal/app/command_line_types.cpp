#include <charconv>
#include <map>

#include <shoal/app/command_line.hpp>
#include <shoal/base/assert.hpp>
#include <shoal/base/units.hpp>

namespace shoal::app {
namespace {

using Problem = std::optional<std::string>;

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end) return std::nullopt;
  return number;
}

/// 1 or 0, or for a flag that counts any number that is not negative.
std::optional<std::int64_t> flag_number(const std::string& text) {
  static const std::map<std::string, int, std::less<>> words{{"true", 1},  {"yes", 1}, {"on", 1},
                                                             {"false", 0}, {"no", 0},  {"off", 0}};
  if (const auto word = words.find(text); word != words.end()) return word->second;
  const std::optional<std::int64_t> number = whole_number(text);
  if (!number || *number < 0 || *number > 100) return std::nullopt;
  return number;
}

std::string range_text(std::int64_t least, std::int64_t most) {
  if (most == std::numeric_limits<std::int64_t>::max()) {
    return "of at least " + std::to_string(least);
  }
  return "from " + std::to_string(least) + " to " + std::to_string(most);
}

std::string joined(const std::vector<std::string>& values) {
  std::string text;
  for (const std::string& value : values) text += (text.empty() ? "" : ",") + value;
  return text;
}

std::string environment_name(const std::string& node, const std::string& option) {
  std::string name = "SHOAL_" + node + "_" + option.substr(2);
  for (char& c : name) {
    if (c == '-') c = '_';
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return name;
}

/// Stores the last value after `parse` has made a T of it.
template <typename Target, typename Parse>
auto last_value(Target& target, Parse parse) {
  return [&target, parse](const std::vector<std::string>& values) -> Problem {
    auto parsed = parse(values.back());
    if (!parsed) return parsed.reason();
    target = *parsed;
    return std::nullopt;
  };
}

template <typename Target>
auto last_text(Target& target) {
  return [&target](const std::vector<std::string>& values) -> Problem {
    target = values.back();
    return std::nullopt;
  };
}

std::string duration_text(Duration duration) {
  return duration == Duration(0) ? "0s" : format_duration(duration);
}

}  // namespace

void CommandLine::add(Declaration::Kind kind, Text names, Text value_name, std::string default_text,
                      Text help, Store store) {
  Declaration declared;
  declared.kind = kind;
  declared.value_name = value_name;
  declared.default_text = std::move(default_text);
  declared.help = help;
  declared.group = group_;
  while (!names.empty()) {
    const Text name = names.substr(0, names.find(','));
    names.remove_prefix(std::min(names.size(), name.size() + 1));
    SHOAL_ASSERT(find(name) == nullptr);
    if (!name.starts_with("--")) {
      SHOAL_ASSERT(name.size() == 2 && name[0] == '-');
      declared.short_name = name;
    } else if (declared.name.empty()) {
      declared.name = name;
    } else {
      declared.aliases.emplace_back(name);
    }
  }
  SHOAL_ASSERT(declared.name.size() > 2);
  declared.environment = environment_name(about_.name, declared.name);
  declarations_.push_back(std::move(declared));
  stores_.push_back(std::move(store));
}

void CommandLine::flag(Text names, bool& target, Text help) {
  add(Declaration::Kind::flag, names, "", "", help, [&target](const Values& values) -> Problem {
    const std::optional<std::int64_t> number = flag_number(values.back());
    if (!number) return "'" + values.back() + "' is neither true nor false";
    target = *number != 0;
    return std::nullopt;
  });
}

void CommandLine::count(Text names, int& target, Text help) {
  add(Declaration::Kind::flag, names, "", "", help, [&target](const Values& values) -> Problem {
    int sum = 0;
    for (const std::string& value : values) {
      const std::optional<std::int64_t> number = flag_number(value);
      if (!number) return "'" + value + "' is neither true nor false nor how often";
      sum += static_cast<int>(*number);
    }
    target = sum;
    return std::nullopt;
  });
}

void CommandLine::option(Text names, Text value_name, std::string& target, Text help) {
  add(Declaration::Kind::value, names, value_name, target, help, last_text(target));
}

void CommandLine::option(Text names, Text value_name, std::optional<std::string>& target,
                         Text help) {
  add(Declaration::Kind::value, names, value_name, target.value_or(""), help, last_text(target));
}

void CommandLine::option(Text names, Text value_name, std::vector<std::string>& target, Text help) {
  add(Declaration::Kind::list, names, value_name, joined(target), help,
      [&target](const Values& values) -> Problem {
        target = values;
        return std::nullopt;
      });
}

void CommandLine::implied(Text value) {
  SHOAL_ASSERT(declarations_.back().takes_value() && !value.empty());
  declarations_.back().implied = value;
}

void CommandLine::option(Text names, Text value_name, std::filesystem::path& target, Text help) {
  add(Declaration::Kind::value, names, value_name, target.string(), help, last_text(target));
}

void CommandLine::option(Text names, Text value_name, std::optional<std::filesystem::path>& target,
                         Text help) {
  add(Declaration::Kind::value, names, value_name, target ? target->string() : "", help,
      last_text(target));
}

void CommandLine::option(Text names, Text value_name, Duration& target, Text help) {
  add(Declaration::Kind::value, names, value_name, duration_text(target), help,
      last_value(target, parse_duration));
}

void CommandLine::option(Text names, Text value_name, std::optional<Duration>& target, Text help) {
  add(Declaration::Kind::value, names, value_name, target ? duration_text(*target) : "", help,
      last_value(target, parse_duration));
}

void CommandLine::size(Text names, Text value_name, std::uint64_t& target, Text help) {
  add(Declaration::Kind::value, names, value_name, format_size(target), help,
      last_value(target, parse_size));
}

void CommandLine::size(Text names, Text value_name, std::optional<std::uint64_t>& target,
                       Text help) {
  add(Declaration::Kind::value, names, value_name, target ? format_size(*target) : "", help,
      last_value(target, parse_size));
}

void CommandLine::max_size(std::uint64_t& target, Text help) {
  constexpr std::uint64_t most = 2UL << 30;
  auto parse = [](std::string_view text) -> Result<std::uint64_t> {
    Result<std::uint64_t> size = parse_size(text);
    if (size && (*size == 0 || *size > most)) return Failure{"from 1 to 2G"};
    return size;
  };
  add(Declaration::Kind::value, "--max-size", "SIZE", format_size(target), help,
      last_value(target, parse));
}

void CommandLine::add_number(Text names, Text value_name, std::string default_text, Limits limits,
                             Text help, std::function<void(std::int64_t)> set) {
  const auto [least, most] = limits;
  auto parse_and_set = [least = least, most = most,
                        set = std::move(set)](const Values& values) -> Problem {
    const std::optional<std::int64_t> number = whole_number(values.back());
    if (!number || *number < least || *number > most) {
      return "'" + values.back() + "' is not a number " + range_text(least, most);
    }
    set(*number);
    return std::nullopt;
  };
  add(Declaration::Kind::value, names, value_name, std::move(default_text), help, parse_and_set);
}

void CommandLine::add_choice(Text names, Text value_name, std::string default_text, Values words,
                             Text help, std::function<void(std::size_t)> set) {
  add(Declaration::Kind::value, names, value_name, std::move(default_text), help,
      [words, set = std::move(set)](const Values& values) -> Problem {
        for (std::size_t i = 0; i < words.size(); ++i) {
          if (words[i] != values.back()) continue;
          set(i);
          return std::nullopt;
        }
        std::string list;
        for (const std::string& word : words) list += (list.empty() ? "" : ", ") + word;
        return "'" + values.back() + "' is not one of " + list;
      });
  declarations_.back().choices = std::move(words);
}

void CommandLine::add_words(Declaration::Kind kind, Text name, Text help, Store store) {
  for (const Declaration& declared : declarations_) SHOAL_ASSERT(declared.is_option());
  Declaration declared;
  declared.kind = kind;
  declared.name = name;
  declared.value_name = name;
  declared.help = help;
  declared.group = group_;
  declarations_.push_back(std::move(declared));
  stores_.push_back(std::move(store));
}

void CommandLine::positionals(Text name, std::vector<std::string>& target, Text help) {
  add_words(Declaration::Kind::positionals, name, help, [&target](const Values& words) -> Problem {
    target = words;
    return std::nullopt;
  });
}

void CommandLine::positional(Text name, std::optional<std::string>& target, Text help) {
  add_words(Declaration::Kind::positionals, name, help, [&target](const Values& words) -> Problem {
    if (words.size() > 1) return "only one is expected, and '" + words[1] + "' is one more";
    target = words.front();
    return std::nullopt;
  });
}

void CommandLine::command(Text name, std::vector<std::string>& target, Text help) {
  add_words(Declaration::Kind::command, name, help, [&target](const Values& words) -> Problem {
    target = words;
    return std::nullopt;
  });
}

void CommandLine::standard_options() {
  option("--config", "FILE", config_, "read options from a TOML file");
  flag("-h,--help", help_, "print this page and exit");
  declarations_.back().environment.clear();
  flag("-V,--version", version_, "print the version and exit");
  declarations_.back().environment.clear();
}

}  // namespace shoal::app
