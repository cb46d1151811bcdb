// shoal bench: measures a pattern beside bare libzmq.

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include <shoal/app/print.hpp>
#include <shoal/app/run_main.hpp>

#include "baseline.hpp"
#include "log_bench.hpp"
#include "pipeline_bench.hpp"

using namespace shoal;

namespace {

struct Options {
  app::CommonOptions common;
  std::optional<std::string> pattern;
  bool json = false;
  bool quick = false;
  bench::BenchOptions bench;
};

void declare(app::CommandLine& line, Options& options) {
  bench::BenchOptions& bench = options.bench;
  bench.jobs = std::max(1U, std::thread::hardware_concurrency());
  line.positional("PATTERN", options.pattern, "what to measure: pipeline, or log (of a stream)");
  line.group("Load");
  line.number("--lines", "N", bench.lines, 1, 1'000'000'000, "lines to move in each run");
  line.size("--line-bytes", "SIZE", bench.line_bytes,
            "length of a line with its line feed; 0: numbers, as seq writes them");
  line.number("--tasks", "N", bench.tasks, 1, 10'000'000, "tasks that are a process each");
  line.number("-j,--jobs", "N", bench.jobs, 1, 10'000, "so many processes at a time");
  line.number("--runs", "N", bench.runs, 1, 1000, "take the median of so many runs");
  line.choice("--transport", "tcp|ipc", bench.transport,
              {{"tcp", bench::Transport::tcp}, {"ipc", bench::Transport::ipc}},
              "how the processes are connected");
  line.flag("--quick", options.quick,
            "one small run, to see that all works; its figures mean nothing");
  line.group("Output");
  line.flag("-J,--jsonl", options.json, "rows as JSON lines instead of a table");
}

int run(Options& options) {
  const bool log = options.pattern == "log";
  if (!log && options.pattern != "pipeline") {
    throw Error("say what to measure: shoal bench pipeline, shoal bench log", ExitCode::usage);
  }
  if (options.quick) {
    options.bench.lines = 100'000;
    options.bench.tasks = 50;
    options.bench.runs = 1;
  }
  if (log) {
    app::print(bench::format_rows(bench::measure_log(options.bench), options.json));
    return 0;
  }
  const auto nodes = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  app::print(bench::format_rows(bench::measure_pipeline(options.bench, nodes), options.json));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 2 && std::string_view(argv[1]) == "bare") {
    return bench::run_baseline({argv + 2, argv + argc});
  }
  return app::run_main<Options>(
      argc, argv,
      {.name = "bench",
       .summary = "Measures a pattern beside bare libzmq and what else it replaces, in one run.",
       .examples = {{"shoal bench pipeline", "all of the pipeline, medians of five runs"},
                    {"shoal bench log", "a publisher's log: append, sync, read back"},
                    {"shoal bench pipeline --lines 50000000 -J", "more lines, rows as JSON"}}},
      declare, run);
}
