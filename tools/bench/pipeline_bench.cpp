#include "pipeline_bench.hpp"

#include <algorithm>

#include <shoal/app/logging.hpp>
#include <shoal/runtime/process.hpp>

#include "pipeline_runs.hpp"

namespace shoal::bench {
namespace {

// GNU parallel is so much slower that a part of the tasks tells its rate.
constexpr std::uint64_t parallel_part = 10;

// Memory is flat when ten times the lines need no more of it. A message a line is so slow that
// these lines tell its rate.
constexpr std::uint64_t short_part = 10;

constexpr double mebibyte = 1 << 20;

struct Peaks {
  Samples ventilator;
  Samples worker;
  Samples sink;

  void add(const PipelinePeaks& peaks) {
    ventilator.values.push_back(static_cast<double>(peaks.ventilator));
    worker.values.push_back(static_cast<double>(peaks.worker));
    sink.values.push_back(static_cast<double>(peaks.sink));
  }
};

struct Measured {
  Samples pipeline;
  Samples bare_lines;
  Samples bare_blobs;
  Samples stream;
  Samples each;
  Samples spawned;
  Samples parallel;
  Samples ventilator_start;
  Samples worker_start;
  Samples sink_start;
  Peaks peaks;
  Peaks short_peaks;
};

void add_rate(Samples& samples, std::uint64_t count, double seconds) {
  samples.values.push_back(static_cast<double>(count) / seconds);
}

struct Inputs {
  Input lines;
  Input short_lines;
  Input tasks;
  Input some_tasks;
};

void measure_once(const BenchOptions& options, const Inputs& inputs, PipelineRuns& runs,
                  Measured& measured) {
  const std::string jobs = std::to_string(options.jobs);
  PipelineTimes times = runs.shoal(inputs.lines, 2, {}, true);
  add_rate(measured.pipeline, options.lines, times.seconds);
  measured.peaks.add(times.peaks);
  add_rate(measured.bare_blobs, options.lines, runs.bare(inputs.lines, 2, "blobs"));
  add_rate(measured.bare_lines, inputs.short_lines.lines,
           runs.bare(inputs.short_lines, 2, "lines"));
  measured.short_peaks.add(runs.shoal(inputs.short_lines, 2, {}, true).peaks);

  times = runs.shoal(inputs.lines, 1, {"-j", "1", "--mode", "stream", "--", "cat"}, true);
  add_rate(measured.stream, options.lines, times.seconds);

  times = runs.shoal(inputs.tasks, 1, {"-j", jobs, "--", "true"}, false);
  add_rate(measured.each, inputs.tasks.lines, times.seconds);
  add_rate(measured.spawned, inputs.tasks.lines, runs.spawn_loop(inputs.tasks.lines, options.jobs));
  if (runtime::find_program("parallel")) {
    add_rate(measured.parallel, inputs.some_tasks.lines,
             runs.gnu_parallel(inputs.some_tasks, options.jobs));
  }
  measured.ventilator_start.values.push_back(runs.start_ms("ventilator", "-c"));
  measured.worker_start.values.push_back(runs.start_ms("worker", "--from"));
  measured.sink_start.values.push_back(runs.start_ms("sink", "-c"));
}

std::vector<Row> rate_rows(const Measured& measured, double line_bytes, const std::string& jobs) {
  const std::string lines = "lines through 2 workers to a file";
  const std::string each = "a process a task (true), -j " + jobs;
  std::vector<Row> rows{
      {lines, Unit::lines, measured.pipeline, "bare PUSH/PULL, a message a line",
       measured.bare_lines, 5.0, line_bytes},
      {lines, Unit::lines, measured.pipeline, "bare PUSH/PULL, 128 KiB a message",
       measured.bare_blobs, 0.5, line_bytes},
      {each, Unit::tasks, measured.each, "bare posix_spawn loop", measured.spawned, 0.85, 0},
  };
  if (!measured.parallel.values.empty()) {
    rows.push_back({each, Unit::tasks, measured.each, "GNU parallel", measured.parallel, 5.0, 0});
  }
  rows.push_back(
      {"lines through one long-lived cat", Unit::lines, measured.stream, "", {}, 3e6, 0});
  return rows;
}

std::vector<Row> node_rows(const Measured& measured) {
  auto start = [](const char* node, const Samples& samples) {
    return Row{std::string("start of a ") + node, Unit::milliseconds, samples, "", {}, 20.0, 0};
  };
  auto peak = [](const char* node, const Samples& samples) {
    return Row{node, Unit::bytes, samples, "", {}, 12 * mebibyte, 0};
  };
  return {start("ventilator", measured.ventilator_start),
          start("worker", measured.worker_start),
          start("sink", measured.sink_start),
          peak("ventilator's memory, a tenth of the lines", measured.short_peaks.ventilator),
          peak("ventilator's memory, all lines", measured.peaks.ventilator),
          peak("worker's memory, a tenth of the lines", measured.short_peaks.worker),
          peak("worker's memory, all lines", measured.peaks.worker),
          peak("sink's memory, a tenth of the lines", measured.short_peaks.sink),
          peak("sink's memory, all lines", measured.peaks.sink)};
}

}  // namespace

std::vector<Row> measure_pipeline(const BenchOptions& options, const std::filesystem::path& nodes) {
  Workspace work(options.transport);
  auto part = [](std::uint64_t whole, std::uint64_t by) {
    return std::max<std::uint64_t>(1, whole / by);
  };
  const Inputs inputs{
      .lines = work.write_lines(options.lines, options.line_bytes),
      .short_lines = work.write_lines(part(options.lines, short_part), options.line_bytes),
      .tasks = work.write_lines(options.tasks, 0),
      .some_tasks = work.write_lines(part(options.tasks, parallel_part), 0)};
  PipelineRuns runs(nodes, work);
  Measured measured;
  for (int run = 1; run <= options.runs; ++run) {
    log_info("run " + std::to_string(run) + " of " + std::to_string(options.runs));
    measure_once(options, inputs, runs, measured);
  }
  if (measured.parallel.values.empty()) log_info("GNU parallel is not installed: no such row");
  const double line_bytes =
      static_cast<double>(inputs.lines.bytes) / static_cast<double>(inputs.lines.lines);
  std::vector<Row> rows = rate_rows(measured, line_bytes, std::to_string(options.jobs));
  for (Row& row : node_rows(measured)) rows.push_back(std::move(row));
  return rows;
}

}  // namespace shoal::bench
