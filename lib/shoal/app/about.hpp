#pragma once

#include <string>
#include <vector>

namespace shoal::app {

/// One line of the EXAMPLES section of a help page.
struct Example {
  std::string command{};  ///< as typed in a shell
  std::string meaning{};  ///< what it does, a phrase
};

/// One line of the EXIT STATUS section of a help page.
struct ExitStatus {
  std::string code{};  ///< "0", "128+n"
  std::string meaning{};
};

/// The exit codes that every node shares (base/error.hpp).
std::vector<ExitStatus> usual_exit_statuses();

/// What a node says about itself: the words of its help page that are not options.
struct About {
  std::string name{};               ///< as typed after `shoal`
  std::string summary{};            ///< one sentence: what the node does
  std::vector<Example> examples{};  ///< at least one
  std::vector<ExitStatus> exit_statuses = usual_exit_statuses();
};

}  // namespace shoal::app
