#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <shoal/app/declaration.hpp>

namespace shoal::app {

enum class Shell { bash, zsh, fish };

/// `bash`, `zsh` or `fish`; nothing for any other word.
std::optional<Shell> shell_named(std::string_view word);

/// What completes the options of the node `name`: a part of completion_script.
std::string completion_part(Shell shell, const std::string& name,
                            const std::vector<Declaration>& declarations);

/// A node as the script offers it.
struct CompletedNode {
  std::string name{};
  std::string summary{};
  std::string part{};  ///< completion_part of its declarations
};

/// The script that makes the shell complete `shoal`, its nodes and their options.
std::string completion_script(Shell shell, const std::vector<CompletedNode>& nodes);

}  // namespace shoal::app
