#include <shoal/reqrep/command_executor.hpp>
#include <shoal/reqrep/executor.hpp>
#include <shoal/reqrep/stream_executor.hpp>

namespace shoal::reqrep {
namespace {

/// Without a command: the reply is the request's body.
class Echo : public Executor {
 public:
  explicit Echo(Finished finished) : finished_(std::move(finished)) {}

  void start(StartRun run) override { finished_(run.run, Reply{.output = std::move(run.body)}); }
  void stop(RunId) override {}

 private:
  Finished finished_;
};

}  // namespace

std::unique_ptr<Executor> make_executor(runtime::Reactor& reactor, ExecutorOptions options,
                                        Executor::Finished finished) {
  if (options.argv.empty()) return std::make_unique<Echo>(std::move(finished));
  if (options.mode == Mode::stream) {
    return std::make_unique<StreamExecutor>(reactor, std::move(options), std::move(finished));
  }
  return std::make_unique<CommandExecutor>(reactor, std::move(options), std::move(finished));
}

}  // namespace shoal::reqrep
