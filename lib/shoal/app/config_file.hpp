#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace shoal::app {

/// The values of each key of a config file that concern one node.
using ConfigValues = std::map<std::string, std::vector<std::string>>;

/// Reads a TOML file of `key = value` lines, where a key is a long option without its dashes and an
/// array gives an option several times. Keys at the top hold for every node, keys under `[node]`
/// for that node and before those at the top; other nodes' tables are left out. Throws Error
/// (usage) for a file that cannot be read.
ConfigValues read_config_file(const std::filesystem::path& path, std::string_view node);

/// The same, of text at hand.
ConfigValues parse_config(std::string_view text, std::string_view node);

}  // namespace shoal::app
