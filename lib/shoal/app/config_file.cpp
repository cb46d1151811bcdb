#include <algorithm>
#include <cerrno>
#include <fstream>
#include <sstream>
#include <system_error>

#include <CLI/CLI.hpp>

#include <shoal/app/config_file.hpp>
#include <shoal/base/error.hpp>

namespace shoal::app {
namespace {

constexpr std::ptrdiff_t most_dots = 16;

/// Drops `#` comments but not a `#` within quotes, which CLI11's reader would cut at.
std::string without_comments(std::string_view text) {
  std::string out;
  char quote = 0;
  bool comment = false;
  for (char c : text) {
    if (c == '\n') {
      quote = 0;
      comment = false;
    } else if (quote != 0) {
      if (c == quote) quote = 0;
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '#') {
      comment = true;
    }
    if (!comment) out += c;
  }
  return out;
}

/// CLI11's reader takes memory by the square of the depth of a table's name.
void refuse_deep_tables(std::string_view text) {
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const std::size_t begin = line.find_first_not_of(" \t");
    if (begin == std::string_view::npos || line[begin] != '[') continue;
    if (std::count(line.begin(), line.end(), '.') > most_dots) {
      throw Error("the config file has a table nested too deep; its tables are nodes, as [worker]",
                  ExitCode::usage);
    }
  }
}

bool is_section_mark(const CLI::ConfigItem& item) {
  return item.name == "++" || item.name == "--";
}

}  // namespace

ConfigValues parse_config(std::string_view text, std::string_view node) {
  refuse_deep_tables(text);
  CLI::ConfigTOML reader;
  reader.comment('\x01');
  std::istringstream input(without_comments(text));
  const std::vector<CLI::ConfigItem> items = reader.from_config(input);
  ConfigValues values;
  for (const CLI::ConfigItem& item : items) {
    if (!is_section_mark(item) && item.parents.empty()) values[item.name] = item.inputs;
  }
  for (const CLI::ConfigItem& item : items) {
    if (!is_section_mark(item) && item.parents.size() == 1 && item.parents.front() == node) {
      values[item.name] = item.inputs;
    }
  }
  return values;
}

ConfigValues read_config_file(const std::filesystem::path& path, std::string_view node) {
  std::ifstream input(path);
  std::stringstream content;
  if (input) content << input.rdbuf();
  if (!input || input.bad() || std::filesystem::is_directory(path)) {
    throw Error("cannot read the config file " + path.string(), ExitCode::usage);
  }
  return parse_config(content.str(), node);
}

}  // namespace shoal::app
