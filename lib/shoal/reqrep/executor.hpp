#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <shoal/base/clock.hpp>
#include <shoal/reqrep/replier_core.hpp>
#include <shoal/runtime/reactor.hpp>

namespace shoal::reqrep {

/// How a replier answers requests with its command.
enum class Mode {
  each,    ///< a process a request: the body on stdin, stdout is the reply
  stream,  ///< one long-lived process a slot: a line out for each line in
};

struct ExecutorOptions {
  Mode mode = Mode::each;
  std::vector<std::string> argv;  ///< empty: the reply is the request's body
  std::uint32_t slots = 1;
  Duration timeout{0};                  ///< of one run; 0: none but the request's deadline
  std::size_t max_output = 64UL << 20;  ///< bytes of one reply, and of a request
};

/// Runs requests. One for each mode. Destroying it kills what still runs.
class Executor {
 public:
  /// What became of a run, told once each: from the Reactor, or at once from start() where nothing
  /// had to be run. Of the reply, `id` and `from` are left empty.
  using Finished = std::function<void(RunId, Reply)>;

  virtual ~Executor() = default;

  /// Takes a run; no more than `slots` at a time.
  virtual void start(StartRun run) = 0;

  /// Kills what runs for it, its whole process group; `Finished` is not called. Does nothing for a
  /// run that is over.
  virtual void stop(RunId run) = 0;
};

/// Throws Error (usage) when the command does not exist.
std::unique_ptr<Executor> make_executor(runtime::Reactor& reactor, ExecutorOptions options,
                                        Executor::Finished finished);

}  // namespace shoal::reqrep
