#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <shoal/base/clock.hpp>
#include <shoal/pipeline/worker_core.hpp>
#include <shoal/runtime/reactor.hpp>

namespace shoal::pipeline {

/// How a worker applies its command to tasks.
enum class Mode {
  each,    ///< a process a task
  batch,   ///< a process a batch: tasks as lines on stdin, stdout is the batch's result
  stream,  ///< one long-lived process a slot: a line out for each line in
};

struct ExecutorOptions {
  Mode mode = Mode::each;
  std::vector<std::string> argv;  ///< empty: the results are the tasks
  std::uint32_t slots = 1;
  Duration timeout{0};                  ///< of one run; 0: none
  std::size_t max_result = 64UL << 20;  ///< bytes of one run's output
};

/// What became of a run, told once each: from the Reactor, or at once from start() where nothing
/// had to be run.
struct ExecutorEvents {
  std::function<void(RunId, wire::Batch)> finished;
  /// `sure`: it was these tasks that failed, not others that ran beside them.
  std::function<void(RunId, std::string status, std::string error, bool sure)> failed;
};

/// Runs tasks. One for each mode. Destroying it kills what still runs.
class Executor {
 public:
  virtual ~Executor() = default;

  /// Takes a run; no more than `slots` (stream: twice that) at a time. An event follows.
  virtual void start(StartRun run) = 0;
};

/// How the core has to treat a worker with these options.
WorkKind work_kind(const ExecutorOptions& options);
std::uint32_t runs_a_slot(const ExecutorOptions& options);

/// Throws Error (usage) when the command does not exist.
std::unique_ptr<Executor> make_executor(runtime::Reactor& reactor, ExecutorOptions options,
                                        ExecutorEvents events);

}  // namespace shoal::pipeline
