#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include <shoal/reqrep/executor.hpp>
#include <shoal/runtime/command_run.hpp>

namespace shoal::reqrep {

/// The environment that tells a command which request it answers: SHOAL_REQUEST (the id, the same
/// over all attempts), SHOAL_ATTEMPT, and SHOAL_HEADER_KEY for each header, the key in upper case
/// with `_` for all but letters and digits. Fails for a header that no environment can hold.
Result<std::vector<std::string>> request_environment(const StartRun& run);

/// Mode `each`: the body stands on stdin as it is, and takes the place of `{}` in the arguments.
class CommandExecutor : public Executor {
 public:
  CommandExecutor(runtime::Reactor& reactor, ExecutorOptions options, Finished finished);
  void start(StartRun run) override;
  void stop(RunId run) override { running_.erase(run); }

 private:
  void on_done(RunId run, runtime::Outcome outcome);

  runtime::Reactor& reactor_;
  ExecutorOptions options_;
  Finished finished_;
  std::string program_;
  std::unordered_map<RunId, std::unique_ptr<runtime::CommandRun>> running_;
};

}  // namespace shoal::reqrep
