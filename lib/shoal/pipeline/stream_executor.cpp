#include <algorithm>
#include <limits>

#include <shoal/pipeline/command_executor.hpp>
#include <shoal/pipeline/stream_executor.hpp>
#include <shoal/runtime/process.hpp>

namespace shoal::pipeline {
namespace {

/// Tasks of other framings as lines; false when one holds a line feed.
bool as_lines(wire::Batch& tasks) {
  if (tasks.framing == wire::Framing::lines) return true;
  std::string text;
  bool single = true;
  tasks.each_record([&](Seq, std::string_view record) {
    record = wire::without_delimiter(record, '\n');
    single = single && record.find('\n') == std::string_view::npos;
    text.append(record) += '\n';
  });
  if (!single) return false;
  tasks = {.range = tasks.range, .payload = Bytes::take(std::move(text))};
  return true;
}

}  // namespace

StreamExecutor::StreamExecutor(runtime::Reactor& reactor, ExecutorOptions options,
                               ExecutorEvents events)
    : reactor_(reactor),
      options_(std::move(options)),
      events_(std::move(events)),
      program_(runtime::require_program(options_.argv.front())),
      hint_(reactor, options_.argv.front()),
      slots_(options_.slots) {}

void StreamExecutor::start(StartRun run) {
  if (!as_lines(run.tasks)) {
    return events_.failed(run.id, "the task holds a line feed, and --mode stream is line by line",
                          "", run.tasks.range.count == 1);
  }
  Slot& slot = *std::ranges::min_element(
      slots_, [](const Slot& a, const Slot& b) { return a.runs.size() < b.runs.size(); });
  bool other_lines = slot.process && slot.delimiter != run.tasks.delimiter;
  if (other_lines && slot.runs.empty()) slot.process.reset();
  slot.runs.push_back(std::move(run));
  const StartRun& given = slot.runs.back();
  if (!slot.process) launch(slot, given);
  slot.process->give(given.tasks.payload, given.tasks.range.count);
  if (slot.runs.size() == 1) watch_time(slot);
}

void StreamExecutor::launch(Slot& slot, const StartRun& first) {
  slot.delimiter = first.tasks.delimiter;
  runtime::LineProcessOptions options{.command = {.argv = options_.argv,
                                                  .env = {task_environment(first).front()},
                                                  .program = program_},
                                      .delimiter = slot.delimiter,
                                      .output_limit = options_.max_result};
  slot.process = std::make_unique<runtime::LineProcess>(
      reactor_, std::move(options),
      [this, &slot](Bytes lines, std::uint64_t) { on_lines(slot, std::move(lines)); },
      [this, &slot](runtime::LineDeath death) { on_death(slot, death); });
  hint_.asked();
}

/// A run may take its timeout for each of its tasks.
void StreamExecutor::watch_time(Slot& slot) {
  slot.limit.reset();
  if (options_.timeout == Duration(0) || slot.runs.empty()) return;
  auto count = static_cast<std::int64_t>(slot.runs.front().tasks.range.count);
  Duration most = std::numeric_limits<std::int64_t>::max() / 4 / count < options_.timeout.count()
                      ? Duration::max() / 4
                      : options_.timeout * count;
  slot.limit = reactor_.at(reactor_.now() + most, [this, &slot] {
    slot.process.reset();
    fail_all(slot, "timed out", "");
  });
}

void StreamExecutor::on_lines(Slot& slot, Bytes lines) {
  hint_.answered();
  StartRun run = std::move(slot.runs.front());
  slot.runs.pop_front();
  watch_time(slot);
  wire::Batch results{.range = run.tasks.range, .delimiter = slot.delimiter};
  results.payload = std::move(lines);
  events_.finished(run.id, std::move(results));
}

void StreamExecutor::on_death(Slot& slot, const runtime::LineDeath& death) {
  slot.process.reset();
  std::string status = runtime::describe(death.outcome);
  if (death.outcome.ok()) status = "it ended before it had answered every line";
  fail_all(slot, status, death.outcome.error_tail);
}

void StreamExecutor::fail_all(Slot& slot, const std::string& status, const std::string& error) {
  slot.limit.reset();
  std::deque<StartRun> runs = std::move(slot.runs);
  slot.runs.clear();
  bool sure = runs.size() == 1 && runs.front().tasks.range.count == 1;
  for (const StartRun& run : runs) events_.failed(run.id, status, error, sure);
}

}  // namespace shoal::pipeline
