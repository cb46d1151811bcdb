#include <shoal/pipeline/command_executor.hpp>
#include <shoal/runtime/process.hpp>

namespace shoal::pipeline {
namespace {

constexpr std::size_t half_a_pipe = 32UL << 10;

/// The task as text, without what ends it in its batch.
std::string_view task_text(const wire::Batch& tasks) {
  std::string_view text = tasks.payload;
  if (tasks.framing == wire::Framing::lines) text = wire::without_delimiter(text, tasks.delimiter);
  return text;
}

/// What the command reads: lines with their line feeds, other tasks as they are.
Bytes task_input(const wire::Batch& tasks) {
  const Bytes& payload = tasks.payload;
  bool cut = tasks.framing == wire::Framing::lines && tasks.delimiter != '\n' && !payload.empty();
  return cut && tasks.range.count == 1 ? payload.slice(0, payload.size() - 1) : payload;
}

}  // namespace

std::vector<std::string> task_environment(const StartRun& run) {
  return {"SHOAL_JOB=" + (run.job_name.empty() ? run.job.hex() : run.job_name),
          "SHOAL_SEQ=" + std::to_string(run.tasks.range.first),
          "SHOAL_ATTEMPT=" + std::to_string(run.attempt)};
}

CommandExecutor::CommandExecutor(runtime::Reactor& reactor, ExecutorOptions options,
                                 ExecutorEvents events)
    : reactor_(reactor),
      options_(std::move(options)),
      events_(std::move(events)),
      program_(runtime::require_program(options_.argv.front())) {}

void CommandExecutor::start(StartRun run) {
  RunId id = run.id;
  runtime::CommandSpec spec{
      .command = {.argv = options_.argv, .env = task_environment(run), .program = program_},
      .input = task_input(run.tasks),
      .timeout = options_.timeout,
      .output_limit = options_.max_result};
  if (talkative_) spec.watch_after = Duration(0);
  if (options_.mode == Mode::each) {
    Result<std::vector<std::string>> argv =
        runtime::substitute(options_.argv, task_text(run.tasks));
    if (!argv) return events_.failed(id, argv.reason(), "", true);
    spec.command.argv = std::move(*argv);
  }
  Running& running = running_[id];
  running.run = std::move(run);
  running.command = std::make_unique<runtime::CommandRun>(
      reactor_, std::move(spec),
      [this, id](runtime::Outcome outcome) { on_done(id, std::move(outcome)); });
}

void CommandExecutor::on_done(RunId id, runtime::Outcome outcome) {
  auto node = running_.extract(id);
  StartRun& run = node.mapped().run;
  talkative_ = outcome.output.size() > half_a_pipe;
  if (!outcome.ok()) {
    // A task alone in its process is to blame for what became of it.
    bool sure = run.tasks.range.count == 1;
    return events_.failed(id, runtime::describe(outcome), std::move(outcome.error_tail), sure);
  }
  Bytes output = Bytes::take(std::move(outcome.output));
  if (options_.mode == Mode::each) {
    return events_.finished(id, wire::sized_record(run.tasks.range.first, std::move(output)));
  }
  wire::Batch results{.range = run.tasks.range, .framing = wire::Framing::opaque};
  results.payload = std::move(output);
  events_.finished(id, std::move(results));
}

}  // namespace shoal::pipeline
