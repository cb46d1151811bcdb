#include <algorithm>

#include <shoal/app/man_page.hpp>
#include <shoal/app/version.hpp>

namespace shoal::app {
namespace {

/// `text` as roff prints it: dashes that can be copied into a shell, and no line that looks like a
/// request.
std::string plain(std::string_view text) {
  std::string out;
  if (text.starts_with('.') || text.starts_with('\'')) out += "\\&";
  for (char c : text) {
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
  }
  return out;
}

std::string bold(std::string_view text) {
  return "\\fB" + plain(text) + "\\fR";
}

std::string italic(std::string_view text) {
  return "\\fI" + plain(text) + "\\fR";
}

std::string sentence(const std::string& text) {
  return plain(text) + (text.ends_with('.') ? "\n" : ".\n");
}

std::string synopsis(const std::string& command, const std::vector<Declaration>& declarations) {
  std::string line = bold(command) + " [" + italic("OPTION") + "...]";
  for (const Declaration& declared : declarations) {
    if (declared.kind == Declaration::Kind::positionals) line += " [" + italic(declared.name) + "]";
    if (declared.kind == Declaration::Kind::command)
      line += " [--] [" + italic(declared.name) + "]";
  }
  return line + "\n";
}

std::string names_of(const Declaration& declared) {
  if (!declared.is_option()) return italic(declared.name);
  std::string names = declared.short_name.empty() ? "" : bold(declared.short_name) + ", ";
  names += bold(declared.name);
  for (const std::string& alias : declared.aliases) names += ", " + bold(alias);
  if (declared.takes_value()) names += " " + italic(declared.value_name);
  return names;
}

std::string entry(const Declaration& declared) {
  std::string text = ".TP\n" + names_of(declared) + "\n" + sentence(declared.help);
  if (declared.kind == Declaration::Kind::list) text += "May be repeated.\n";
  if (!declared.default_text.empty()) text += "Default: " + plain(declared.default_text) + ".\n";
  if (!declared.environment.empty()) text += "Environment: " + plain(declared.environment) + ".\n";
  return text;
}

std::string option_groups(const std::vector<Declaration>& declarations) {
  std::vector<std::string> groups;
  for (const Declaration& declared : declarations) {
    const bool seen = std::find(groups.begin(), groups.end(), declared.group) != groups.end();
    if (!seen) groups.push_back(declared.group);
  }
  std::string text;
  for (const std::string& group : groups) {
    text += ".SS " + plain(group) + "\n";
    for (const Declaration& declared : declarations) {
      if (declared.group == group) text += entry(declared);
    }
  }
  return text;
}

}  // namespace

std::string man_page(const About& about, const std::vector<Declaration>& declarations) {
  const std::string page = about.name.empty() ? "shoal" : "shoal-" + about.name;
  const std::string command = about.name.empty() ? "shoal NODE" : "shoal " + about.name;
  std::string text = ".TH " + plain(page) + " 1 \"\" \"shoal " + std::string(version()) + "\"\n";
  text += ".SH NAME\n" + plain(page) + " \\- " + plain(about.summary) + "\n";
  text += ".SH SYNOPSIS\n" + synopsis(command, declarations);
  text += ".SH OPTIONS\n" + option_groups(declarations);
  if (!about.name.empty()) {
    text += "An option beats its variable in the environment, which beats the " +
            plain("--config") + " file, where it stands at the top or under [" + plain(about.name) +
            "].\n";
  }
  text += ".SH EXAMPLES\n";
  for (const Example& example : about.examples) {
    text += ".TP\n" + bold(example.command) + "\n" + sentence(example.meaning);
  }
  text += ".SH EXIT STATUS\n";
  for (const ExitStatus& status : about.exit_statuses) {
    text += ".TP\n" + bold(status.code) + "\n" + sentence(status.meaning);
  }
  return about.name.empty() ? text : text + ".SH SEE ALSO\n.BR shoal (1)\n";
}

}  // namespace shoal::app
