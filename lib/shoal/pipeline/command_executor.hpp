#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include <shoal/pipeline/executor.hpp>
#include <shoal/runtime/command_run.hpp>

namespace shoal::pipeline {

/// The environment that tells a command which task it runs: SHOAL_JOB, SHOAL_SEQ, SHOAL_ATTEMPT, by
/// which it can make its effects idempotent.
std::vector<std::string> task_environment(const StartRun& run);

/// Modes `each` and `batch`: a process a run. In `each` the task stands on stdin, a line with its
/// line feed, anything else as it is, and takes the place of `{}` in the arguments.
class CommandExecutor : public Executor {
 public:
  CommandExecutor(runtime::Reactor& reactor, ExecutorOptions options, ExecutorEvents events);
  void start(StartRun run) override;

 private:
  struct Running {
    StartRun run;
    std::unique_ptr<runtime::CommandRun> command;
  };

  void on_done(RunId id, runtime::Outcome outcome);

  runtime::Reactor& reactor_;
  ExecutorOptions options_;
  ExecutorEvents events_;
  std::string program_;
  bool talkative_ = false;  // the last run wrote so much that a pipe might not have held it
  std::unordered_map<RunId, Running> running_;
};

}  // namespace shoal::pipeline
