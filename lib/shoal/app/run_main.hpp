#pragma once

#include <functional>
#include <utility>

#include <shoal/app/about.hpp>
#include <shoal/app/command_line.hpp>
#include <shoal/app/common_options.hpp>
#include <shoal/base/error.hpp>

namespace shoal::app {

/// What run_main does whatever the Options are.
struct Program {
  std::function<void(CommandLine&)> declare;
  std::function<int()> run;
  CommonOptions& common;
};
int run_program(int argc, char** argv, About about, const Program& program);

/// The whole of a node's main(): declares the node's options and the common ones, reads them, sets
/// up logging, ignores SIGPIPE (a write then fails with EPIPE), runs, and turns what is thrown into
/// one line on stderr. Returns the exit code.
///
/// With `--describe=man|bash|zsh|fish` as the only argument it prints the node's manual page or its
/// part of a completion script instead: `shoal help --man` and `shoal completion` ask for that.
///
/// Options holds defaults and a member `CommonOptions common`. `declare(CommandLine&, Options&)`
/// names every flag of the node's own. `run(Options&)` returns an ExitCode or an int.
template <typename Options, typename Run>
int run_main(int argc, char** argv, About about, void (*declare)(CommandLine&, Options&), Run run) {
  Options options;
  return run_program(argc, argv, std::move(about),
                     {.declare = [&](CommandLine& line) { declare(line, options); },
                      .run = [&] { return static_cast<int>(run(options)); },
                      .common = options.common});
}

}  // namespace shoal::app
