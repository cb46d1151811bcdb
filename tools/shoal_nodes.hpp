#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// What `shoal` can become.
namespace shoal::tool {

struct Node {
  std::string_view name;  ///< of its executable
  std::string_view summary;
};

/// The nodes proper, and what helps with them, in the order of the help page.
std::span<const Node> nodes();
std::span<const Node> helpers();

/// The one that is meant by `typed`: `chat-peer` may be typed for `chat_peer`. Throws Error (usage)
/// with a suggestion when there is none.
const Node& find_node(const std::string& typed);

/// Where its executable may be, the likeliest first: in libexec, because beside an installed shoal
/// stand other people's programs; then beside shoal, as it was built.
std::vector<std::filesystem::path> places(const Node& node);

/// The Error for a node whose executable is at none of its places.
[[noreturn]] void refuse_missing(const Node& node);

}  // namespace shoal::tool
