// shoal bench: measures a pattern beside bare libzmq.

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include <shoal/app/print.hpp>
#include <shoal/app/run_main.hpp>

#include "baseline.hpp"
#include "pipeline_bench.hpp"
#include "reqrep_bench.hpp"

using namespace shoal;

namespace {

struct Options {
  app::CommonOptions common;
  std::optional<std::string> pattern;
  bool json = false;
  bool quick = false;
  bench::BenchOptions bench;
  bench::ReqrepOptions reqrep;
};

void declare(app::CommandLine& line, Options& options) {
  bench::BenchOptions& bench = options.bench;
  bench.jobs = std::max(1U, std::thread::hardware_concurrency());
  line.positional("PATTERN", options.pattern, "What to measure: pipeline or reqrep");
  line.group("Load");
  line.number("--lines", "N", bench.lines, 1, 1'000'000'000, "Lines to move in each run");
  line.size("--line-bytes", "SIZE", bench.line_bytes,
            "Length of a line with its line feed; 0: numbers, as seq writes them");
  line.number("--tasks", "N", bench.tasks, 1, 10'000'000, "Tasks that are a process each");
  line.number("-j,--jobs", "N", bench.jobs, 1, 10'000, "So many processes at a time");
  line.number("--requests", "N", options.reqrep.requests, 1, 1'000'000'000,
              "Requests with many in flight");
  line.number("--in-flight", "N", options.reqrep.in_flight, 1, 1'000'000,
              "So many requests at a time");
  line.number("--runs", "N", bench.runs, 1, 1000, "Take the median of so many runs");
  line.choice("--transport", "tcp|ipc", bench.transport,
              {{"tcp", bench::Transport::tcp}, {"ipc", bench::Transport::ipc}},
              "How the processes are connected");
  line.flag("--quick", options.quick,
            "One small run, to see that all works; its figures mean nothing");
  line.group("Output");
  line.flag("-J,--jsonl", options.json, "Rows as JSON lines instead of a table");
}

int run(Options& options) {
  const std::string pattern = options.pattern.value_or("");
  if (pattern != "pipeline" && pattern != "reqrep") {
    throw Error("say what to measure: shoal bench pipeline, or shoal bench reqrep",
                ExitCode::usage);
  }
  if (options.quick) {
    options.bench.lines = 100'000;
    options.bench.tasks = 50;
    options.bench.runs = 1;
    options.reqrep.requests = 10'000;
    options.reqrep.one_by_one = 100;
  }
  options.reqrep.runs = options.bench.runs;
  options.reqrep.transport = options.bench.transport;
  const auto nodes = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  std::vector<bench::Row> rows = pattern == "pipeline"
                                     ? bench::measure_pipeline(options.bench, nodes)
                                     : bench::measure_reqrep(options.reqrep, nodes);
  app::print(bench::format_rows(rows, options.json));
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
                    {"shoal bench reqrep", "round trips and requests a second"},
                    {"shoal bench pipeline --lines 50000000 -J", "more lines, rows as JSON"}}},
      declare, run);
}
