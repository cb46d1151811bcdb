// shoal sink: keeps the result of every task, once.

#include <csignal>

#include <shoal/app/logging.hpp>
#include <shoal/app/node_loop.hpp>
#include <shoal/app/run_main.hpp>
#include <shoal/pipeline/sink.hpp>

#include "plain.hpp"
#include "sink_totals.hpp"

using namespace shoal;

namespace {

struct Options : app::NodeOptions {
  bool null = false;
  bool json = false;
  bool plain = false;
  std::optional<std::uint64_t> count;
  pipeline::SinkOptions sink;
};

void declare(app::CommandLine& line, Options& options) {
  pipeline::SinkOptions& sink = options.sink;
  line.group("Network");
  app::declare_endpoints(line, "-b,--bind,--listen", sink.binds,
                         "listen for workers (tcp://127.0.0.1:5017, without -c)");
  app::declare_endpoints(line, "-c,--connect,--dial", sink.connects, "dial workers that listen");
  app::declare_timeout(line, options.idle_limit);
  line.group("Results");
  line.option("-o,--output", "FILE", sink.store.output,
              "write results to FILE, each exactly once whatever dies; default: stdout");
  line.option("--failed", "FILE", sink.store.failed,
              "write tasks that failed for good, as JSON lines");
  line.flag("-k,--keep-order", sink.keep_order, "results in the order of the tasks");
  line.flag("--keep-open", sink.keep_open, "stay for further jobs");
  line.flag("-0,--null", options.null, "results end with NUL instead of a line feed");
  line.flag("-J,--jsonl", options.json, "results as JSON lines: job, seq, payload");
  line.max_size(sink.max_result, "the largest result");
  line.flag("--plain", options.plain,
            "a bare PULL socket, a message a result, at most once: for any ZeroMQ program");
  line.number("-n,--count", "N", options.count, 1, std::numeric_limits<std::int64_t>::max(),
              "with --plain: leave after N results");
  app::declare_security(line, options.security);
}

app::ProgressState progress(const pipeline::SinkCore& core) {
  nodes::SinkTotals sum = nodes::totals(core);
  return {.done = sum.done + sum.failed, .total = sum.expected, .workers = core.workers()};
}

/// How it ended, in a line for people where that is needed, and the exit code.
int end(const Options& options, pipeline::Sink& sink, const app::NodeLoop& loop) {
  nodes::SinkTotals sum = nodes::totals(sink.core());
  if (sink.output_closed()) return 128 + SIGPIPE;
  if (!sink.core().finished()) return loop.signal_code();
  if (sum.unfinished > 0) {
    log_warning(std::to_string(sum.unfinished) +
                " other jobs are unfinished; what came of them is in the output too");
  }
  if (sum.stopped || sum.unfinished > 0) return static_cast<int>(ExitCode::incomplete);
  if (sum.lost > 0) {
    throw Error(
        std::to_string(sum.lost) +
            " results that were kept are gone: the output or its .shoal files were damaged "
            "or set back; remove them and the ventilator's --journal, and run the job again",
        ExitCode::bad_data);
  }
  if (!options.sink.keep_open) sink.forget();
  return static_cast<int>(sum.failed == 0 ? ExitCode::ok : ExitCode::error);
}

int run_plain(const Options& options) {
  const pipeline::SinkOptions& sink = options.sink;
  nodes::not_on_plain_lane(sink.keep_order || sink.keep_open || sink.store.failed,
                           "--keep-order, --keep-open, --failed");
  return nodes::run_plain(options, pipeline::PlainSinkOptions{.binds = sink.binds,
                                                              .connects = sink.connects,
                                                              .output = sink.store.output,
                                                              .format = sink.store.format,
                                                              .count = options.count});
}

int run(Options& options) {
  if (options.null && options.json) throw Error("-0 and -J do not go together", ExitCode::usage);
  if (options.null) options.sink.store.format = pipeline::ResultFormat::nul;
  if (options.json) options.sink.store.format = pipeline::ResultFormat::json;
  if (options.sink.store.output == "-") options.sink.store.output.reset();
  if (options.plain) return run_plain(options);
  if (options.count) throw Error("--count is for --plain; a job knows its end", ExitCode::usage);
  app::NodeLoop loop(options);
  pipeline::Sink sink(loop.context(), loop.reactor(), options.sink);
  const pipeline::SinkCore& core = sink.core();
  std::optional<int> code =
      loop.run({.drain = [&] { sink.drain(); },
                .finished = [&] { return sink.finished(); },
                .moved = [&] { return core.kept() + core.letters() + core.duplicates(); },
                .had_peer = [&] { return sink.port().had_peer(); },
                .progress = [&] { return progress(core); }});
  log_info(app::format_summary(nodes::summary(core, loop.elapsed())));
  if (code) return *code;
  return end(options, sink, loop);
}

}  // namespace

int main(int argc, char** argv) {
  return app::run_main<Options>(
      argc, argv,
      {.name = "sink",
       .summary = "Keeps the result of every task once, and leaves when the job is complete.",
       .examples = {{"shoal sink -o results.txt", "exactly once, whatever is killed"},
                    {"shoal sink -k | less", "in the order of the tasks"}}},
      declare, run);
}
