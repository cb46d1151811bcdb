#include <shoal/pipeline/command_executor.hpp>
#include <shoal/pipeline/executor.hpp>
#include <shoal/pipeline/stream_executor.hpp>

namespace shoal::pipeline {
namespace {

/// Without a command: the results are the tasks, each ended by a line feed or what it came with.
class PassThrough : public Executor {
 public:
  explicit PassThrough(ExecutorEvents events) : events_(std::move(events)) {}

  void start(StartRun run) override { events_.finished(run.id, std::move(run.tasks)); }

 private:
  ExecutorEvents events_;
};

}  // namespace

WorkKind work_kind(const ExecutorOptions& options) {
  if (options.argv.empty()) return WorkKind::instant;
  return options.mode == Mode::each ? WorkKind::single : WorkKind::batched;
}

std::uint32_t runs_a_slot(const ExecutorOptions& options) {
  return options.mode == Mode::stream ? 2 : 1;
}

std::unique_ptr<Executor> make_executor(runtime::Reactor& reactor, ExecutorOptions options,
                                        ExecutorEvents events) {
  if (options.argv.empty()) return std::make_unique<PassThrough>(std::move(events));
  if (options.mode == Mode::stream) {
    return std::make_unique<StreamExecutor>(reactor, std::move(options), std::move(events));
  }
  return std::make_unique<CommandExecutor>(reactor, std::move(options), std::move(events));
}

}  // namespace shoal::pipeline
