// shoal bench: measures a pattern beside bare libzmq.

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <shoal/app/print.hpp>
#include <shoal/app/run_main.hpp>

#include "baseline.hpp"
#include "chat_bench.hpp"
#include "log_bench.hpp"
#include "pipeline_bench.hpp"
#include "pubsub_bench.hpp"
#include "reqrep_bench.hpp"
#include "stream_bench.hpp"

using namespace shoal;

namespace {

struct Options {
  app::CommonOptions common;
  std::optional<std::string> pattern;
  bool json = false;
  bool quick = false;
  bench::BenchOptions bench;
  bench::PubsubOptions pubsub;
  bench::ReqrepOptions reqrep;
  bench::ChatOptions chat;
};

using Measured = std::vector<bench::Row>;

/// What `pattern` names, for the nodes in the folder `nodes`.
Measured measure(const std::string& pattern, const Options& options,
                 const std::filesystem::path& nodes) {
  if (pattern == "pipeline") return bench::measure_pipeline(options.bench, nodes);
  if (pattern == "pubsub") return bench::measure_pubsub(options.pubsub, nodes);
  if (pattern == "reqrep") return bench::measure_reqrep(options.reqrep, nodes);
  if (pattern == "chat") return bench::measure_chat(options.chat, nodes);
  if (pattern == "stream") return bench::measure_stream(options.bench, nodes);
  if (pattern == "log") return bench::measure_log(options.bench);
  throw Error("say what to measure: shoal bench pipeline, pubsub, reqrep, stream, chat or log",
              ExitCode::usage);
}

void declare(app::CommandLine& line, Options& options) {
  bench::BenchOptions& bench = options.bench;
  bench.jobs = std::max(1U, std::thread::hardware_concurrency());
  line.positional("PATTERN", options.pattern,
                  "what to measure: pipeline, pubsub, reqrep, stream, chat or log");
  line.group("Load");
  line.number("--lines", "N", bench.lines, 1, 1'000'000'000, "lines to move in each run");
  line.size("--line-bytes", "SIZE", bench.line_bytes,
            "length of a line with its line feed; 0: numbers, as seq writes them");
  line.number("--tasks", "N", bench.tasks, 1, 10'000'000, "tasks that are a process each");
  line.number("-j,--jobs", "N", bench.jobs, 1, 10'000, "so many processes at a time");
  line.number("--messages", "N", options.pubsub.messages, 8, 1'000'000'000,
              "pubsub: messages to deliver in each run");
  line.number("--requests", "N", options.reqrep.requests, 1, 1'000'000'000,
              "reqrep: requests with many in flight");
  line.number("--in-flight", "N", options.reqrep.in_flight, 1, 1'000'000,
              "reqrep: so many requests at a time");
  line.number("--browsers", "N", options.chat.browsers, 2, 1000,
              "chat: browsers that talk, half at each of the outer peers");
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
  if (options.quick) {
    options.bench.lines = 100'000;
    options.bench.tasks = 50;
    options.bench.runs = 1;
    options.pubsub.messages = 10'000;
    options.reqrep.requests = 10'000;
    options.reqrep.one_by_one = 100;
    options.chat = {.browsers = 10, .messages = 100, .history = 1000, .idle = 20};
  }
  options.pubsub.runs = options.reqrep.runs = options.chat.runs = options.bench.runs;
  options.pubsub.transport = options.reqrep.transport = options.bench.transport;
  options.chat.transport = options.bench.transport;
  const auto nodes = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  Measured rows = measure(options.pattern.value_or(""), options, nodes);
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
                    {"shoal bench pubsub", "live publish/subscribe, 1 and 8 subscribers"},
                    {"shoal bench reqrep", "round trips and requests a second"},
                    {"shoal bench stream", "append to a stream, replay it to 1 and 8 readers"},
                    {"shoal bench chat", "browsers that talk over three peers"},
                    {"shoal bench log", "a publisher's log: append, sync, read back"},
                    {"shoal bench pipeline --lines 50000000 -J", "more lines, rows as JSON"}}},
      declare, run);
}
