#include <algorithm>
#include <cstdlib>

#include <CLI/CLI.hpp>

#include <shoal/app/command_line.hpp>
#include <shoal/app/config_file.hpp>
#include <shoal/app/suggest.hpp>
#include <shoal/base/assert.hpp>
#include <shoal/base/error.hpp>

namespace shoal::app {

/// The command line cut in two: options with their values, which CLI11 reads, and words.
struct CommandLine::Arguments {
  Values options;
  Values words;
};

/// What one option was given, and where; `values` is empty when it was not.
struct CommandLine::Given {
  Values values;
  std::string source;  // how a complaint about the values begins
};

CommandLine::CommandLine(About about) : about_(std::move(about)) {}

void CommandLine::group(Text heading) {
  group_ = heading;
}

const Declaration* CommandLine::find(std::string_view name) const {
  for (const Declaration& declared : declarations_) {
    if (!declared.is_option()) continue;
    const auto& aliases = declared.aliases;
    if (declared.name == name || (!name.empty() && declared.short_name == name) ||
        std::find(aliases.begin(), aliases.end(), name) != aliases.end()) {
      return &declared;
    }
  }
  return nullptr;
}

/// The option that ends `argument`, if its value is the next argument.
const Declaration* CommandLine::wants_next(const std::string& argument) const {
  if (argument.starts_with("--")) {
    const Declaration* declared = find(argument);
    return declared != nullptr && declared->takes_value() ? declared : nullptr;
  }
  for (std::size_t i = 1; i < argument.size(); ++i) {
    const Declaration* declared = find(std::string("-") + argument[i]);
    if (declared == nullptr) break;
    if (declared->takes_value()) return i + 1 == argument.size() ? declared : nullptr;
  }
  return nullptr;
}

CommandLine::Arguments CommandLine::split(const Values& arguments) const {
  const bool has_command = std::any_of(
      declarations_.begin(), declarations_.end(),
      [](const Declaration& declared) { return declared.kind == Declaration::Kind::command; });
  Arguments parts;
  for (auto at = arguments.begin(); at != arguments.end(); ++at) {
    const bool word = *at == "-" || !at->starts_with('-');
    if (*at == "--" || (word && has_command)) {
      parts.words.insert(parts.words.end(), *at == "--" ? at + 1 : at, arguments.end());
      break;
    }
    if (word) {
      parts.words.push_back(*at);
    } else if (at->starts_with("--") && at->ends_with('=') && !at->substr(2).starts_with('=')) {
      // CLI11 takes `--name=` for a name whose value is the next argument.
      parts.options.push_back(at->substr(0, at->size() - 1));
      parts.options.emplace_back();
    } else {
      parts.options.push_back(*at);
      const Declaration* open = wants_next(*at);
      if (open == nullptr) continue;
      const bool last = at + 1 == arguments.end();
      if (!open->implied.empty() && (last || (at + 1)->starts_with('-'))) {
        parts.options.push_back(open->implied);
      } else if (!last) {
        parts.options.push_back(*++at);
      }
    }
  }
  return parts;
}

std::vector<CommandLine::Given> CommandLine::read_options(const Values& arguments) const {
  CLI::App parser;
  parser.set_help_flag();
  parser.allow_extras();
  std::vector<CLI::Option*> options(declarations_.size(), nullptr);
  for (std::size_t i = 0; i < declarations_.size(); ++i) {
    const Declaration& declared = declarations_[i];
    if (!declared.is_option()) continue;
    std::string names = declared.name;
    if (!declared.short_name.empty()) names += "," + declared.short_name;
    for (const std::string& alias : declared.aliases) names += "," + alias;
    options[i] = declared.takes_value() ? parser.add_option(names) : parser.add_flag(names);
    options[i]->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    options[i]->envname(declared.environment);
  }
  try {
    parser.parse(Values(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::ArgumentMismatch& mismatch) {
    const std::string what = mismatch.what();
    refuse(what.substr(0, what.find(':')) + ": needs a value");
  } catch (const CLI::ParseError& error) {
    refuse(error.what());
  }
  if (!parser.remaining().empty()) refuse_unknown(parser.remaining().front());

  const std::vector<CLI::Option*> typed = parser.parse_order();
  std::vector<Given> given(declarations_.size());
  for (std::size_t i = 0; i < options.size(); ++i) {
    if (options[i] == nullptr) continue;
    const bool was_typed = std::find(typed.begin(), typed.end(), options[i]) != typed.end();
    given[i].values = options[i]->results();
    given[i].source = was_typed ? declarations_[i].name : declarations_[i].environment;
  }
  return given;
}

void CommandLine::read_config(std::vector<Given>& given) const {
  ConfigValues file;
  try {
    file = read_config_file(*config_, about_.name);
  } catch (const Error& error) {
    refuse(std::string("--config: ") + error.what());
  } catch (const CLI::Error& error) {
    refuse("--config: " + config_->string() + ": " + error.what());
  }
  for (const auto& [key, values] : file) {
    const Declaration* declared = find("--" + key);
    const std::string source = config_->string() + ": " + key;
    if (declared == nullptr || declared->environment.empty() || key == "config") {
      refuse(source + ": not an option of " + about_.name +
             "; keys of another node go under its own [heading]");
    }
    Given& target = given[static_cast<std::size_t>(declared - declarations_.data())];
    if (target.values.empty()) target = {values, source};
  }
}

void CommandLine::store(const std::vector<Given>& given, const Values& words) const {
  bool words_taken = words.empty();
  for (std::size_t i = 0; i < declarations_.size(); ++i) {
    const bool is_option = declarations_[i].is_option();
    const Values& values = is_option ? given[i].values : words;
    words_taken = words_taken || !is_option;
    if (values.empty()) continue;
    const std::optional<std::string> problem = stores_[i](values);
    if (problem) refuse((is_option ? given[i].source : declarations_[i].name) + ": " + *problem);
  }
  if (!words_taken) refuse("'" + words.front() + "' is no option, and no argument is expected");
}

CommandLine::Asked CommandLine::parse(std::vector<std::string> arguments) {
  const Arguments parts = split(arguments);
  std::vector<Given> given = read_options(parts.options);
  auto asks_for = [&](std::string_view name) {
    const Declaration* declared = find(name);
    return declared != nullptr &&
           !given[static_cast<std::size_t>(declared - declarations_.data())].values.empty();
  };
  if (asks_for("--help")) return Asked::help;
  if (asks_for("--version")) return Asked::version;
  if (asks_for("--config")) {
    config_ =
        given[static_cast<std::size_t>(find("--config") - declarations_.data())].values.back();
    read_config(given);
  }
  store(given, parts.words);
  return Asked::run;
}

void CommandLine::refuse(const std::string& problem) const {
  throw Error(problem + "; see shoal " + about_.name + " --help", ExitCode::usage);
}

void CommandLine::refuse_unknown(const std::string& argument) const {
  const std::string name = argument.substr(0, argument.find('='));
  Values known;
  for (const Declaration& declared : declarations_) {
    if (!declared.is_option()) continue;
    known.push_back(declared.name);
    known.insert(known.end(), declared.aliases.begin(), declared.aliases.end());
  }
  const std::optional<std::string> meant =
      name.starts_with("--") ? nearest(name, known) : std::nullopt;
  refuse(name + ": no such option" + (meant ? " (did you mean " + *meant + "?)" : ""));
}

}  // namespace shoal::app
