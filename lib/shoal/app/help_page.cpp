#include <algorithm>

#include <shoal/app/help_page.hpp>

namespace shoal::app {
namespace {

constexpr std::size_t widest_option = 34;  // a longer one has its help on the next line

std::string upper(std::string text) {
  for (char& c : text) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return text;
}

std::string usage_line(const About& about, const std::vector<Declaration>& declarations) {
  std::string line = "Usage: shoal " + about.name + " [OPTION...]";
  for (const Declaration& declared : declarations) {
    if (declared.kind == Declaration::Kind::positionals) line += " [" + declared.name + "]";
    if (declared.kind == Declaration::Kind::command) line += " [--] [" + declared.name + "]";
  }
  return line + "\n";
}

std::string left_column(const Declaration& declared) {
  if (!declared.is_option()) return "  " + declared.name;
  std::string left = declared.short_name.empty() ? "      " : "  " + declared.short_name + ", ";
  left += declared.name;
  if (declared.takes_value()) left += " " + declared.value_name;
  return left;
}

std::string right_column(const Declaration& declared) {
  std::string right = declared.help;
  if (!declared.aliases.empty()) {
    std::string names;
    for (const std::string& alias : declared.aliases) {
      names += (names.empty() ? "" : ", ") + alias;
    }
    right += " (also " + names + ")";
  }
  if (declared.kind == Declaration::Kind::list) right += "; may be repeated";
  if (!declared.default_text.empty()) right += " [default: " + declared.default_text + "]";
  return right;
}

std::string entry(std::string left, const std::string& right, std::size_t column) {
  if (left.size() + 2 > column) {
    left += "\n" + std::string(column, ' ');
  } else {
    left.resize(column, ' ');
  }
  return left + wrapped(right, column, column) + "\n";
}

std::string option_groups(const std::vector<Declaration>& declarations) {
  std::vector<std::string> groups;
  std::size_t column = 0;
  for (const Declaration& declared : declarations) {
    if (std::find(groups.begin(), groups.end(), declared.group) == groups.end()) {
      groups.push_back(declared.group);
    }
    const std::size_t width = left_column(declared).size();
    if (width <= widest_option) column = std::max(column, width + 2);
  }
  std::string page;
  for (const std::string& group : groups) {
    page += "\n" + upper(group) + "\n";
    for (const Declaration& declared : declarations) {
      if (declared.group != group) continue;
      page += entry(left_column(declared), right_column(declared), column);
    }
  }
  return page;
}

std::string other_sources(const About& about, const std::vector<Declaration>& declarations) {
  for (const Declaration& declared : declarations) {
    if (declared.environment.empty() || !declared.takes_value()) continue;
    const std::string text = "An option may also come from the environment (" + declared.name +
                             " from " + declared.environment +
                             ") or from the --config file, at its top or under [" + about.name +
                             "]. The command line beats the environment, which beats the file.";
    return "\n" + wrapped(text, 0, 0) + "\n";
  }
  return "";
}

}  // namespace

std::vector<ExitStatus> usual_exit_statuses() {
  return {{"0", "all done"},
          {"1", "an error, or tasks that failed"},
          {"2", "the command line does not make sense"},
          {"65", "bad data in the input or in a file of shoal's own"},
          {"69", "no peer was there in time"},
          {"75", "stopped before the end; the same command goes on"},
          {"77", "refused for safety"},
          {"124", "a time limit passed"},
          {"128+n", "ended by signal n"}};
}

std::string wrapped(std::string_view text, std::size_t column, std::size_t indent) {
  std::string out;
  std::size_t at = column;
  bool line_has_word = false;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    if (word.empty()) continue;
    if (line_has_word && at + 1 + word.size() > help_width) {
      out += "\n" + std::string(indent, ' ');
      at = indent;
    } else if (line_has_word) {
      out += ' ';
      ++at;
    }
    out += word;
    at += word.size();
    line_has_word = true;
  }
  return out;
}

std::string help_page(const About& about, const std::vector<Declaration>& declarations) {
  std::string page = usage_line(about, declarations);
  page += "\n" + wrapped(about.summary, 0, 0) + "\n";
  page += option_groups(declarations);
  page += other_sources(about, declarations);
  page += "\nEXAMPLES\n";
  for (const Example& example : about.examples) {
    page += "  " + example.command + "\n      " + wrapped(example.meaning, 6, 6) + "\n";
  }
  page += "\nEXIT STATUS\n";
  std::size_t column = 0;
  for (const ExitStatus& status : about.exit_statuses) {
    column = std::max(column, status.code.size() + 4);
  }
  for (const ExitStatus& status : about.exit_statuses) {
    page += entry("  " + status.code, status.meaning, column);
  }
  return page;
}

}  // namespace shoal::app
