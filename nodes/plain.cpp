// The plain lane of the pipeline's nodes.

#include "plain.hpp"

#include <csignal>

#include <shoal/app/logging.hpp>

namespace shoal::nodes {
namespace {

// How long after the first signal libzmq may go on writing what it was handed.
constexpr Duration drain_limit = std::chrono::seconds(3);

constexpr const char* at_most_once = " (plain lane: at most once)";

}  // namespace

int run_plain(const app::NodeOptions& told, const pipeline::PlainVentilatorOptions& options) {
  app::NodeLoop loop(told);
  pipeline::PlainVentilator ventilator(loop.context(), loop.reactor(), options);
  std::optional<int> code =
      loop.run({.drain = [&] { ventilator.drain(); },
                .finished = [&] { return ventilator.finished(); },
                .moved = [&] { return ventilator.sent(); },
                .had_peer = [&] { return ventilator.had_peer(); },
                .progress = [&] { return app::ProgressState{.done = ventilator.sent()}; },
                .drains_for_at_most = drain_limit});
  log_info(app::format_summary({.total = ventilator.sent(), .elapsed = loop.elapsed()}) +
           " handed out" + at_most_once);
  if (ventilator.input_error()) throw Error(*ventilator.input_error());
  bool well = ventilator.complete() && ventilator.finished();
  return code.value_or(well ? 0 : loop.signal_code());
}

int run_plain(const app::NodeOptions& told, const pipeline::PlainWorkerOptions& options) {
  app::NodeLoop loop(told);
  pipeline::PlainWorker worker(loop.context(), loop.reactor(), options);
  std::optional<int> code = loop.run(
      {.drain = [&] { worker.drain(); },
       .finished = [&] { return worker.finished(); },
       .moved = [&] { return worker.taken() + worker.done() + worker.failed(); },
       .had_peer = [&] { return worker.had_peer(); },
       .progress =
           [&] {
             return app::ProgressState{.done = worker.taken() + worker.done() + worker.failed()};
           }});
  log_info(app::format_summary({.total = worker.taken(),
                                .done = worker.done(),
                                .failed = worker.failed(),
                                .elapsed = loop.elapsed()}) +
           at_most_once);
  return code.value_or(static_cast<int>(worker.failed() == 0 ? ExitCode::ok : ExitCode::error));
}

int run_plain(const app::NodeOptions& told, const pipeline::PlainSinkOptions& options) {
  app::NodeLoop loop(told);
  pipeline::PlainSink sink(loop.context(), loop.reactor(), options);
  std::optional<int> code =
      loop.run({.drain = [&] { sink.drain(); },
                .finished = [&] { return sink.finished(); },
                .moved = [&] { return sink.kept(); },
                .had_peer = [&] { return sink.had_peer(); },
                .progress = [&] { return app::ProgressState{.done = sink.kept()}; }});
  log_info(
      app::format_summary({.noun = "result", .total = sink.kept(), .elapsed = loop.elapsed()}) +
      at_most_once);
  if (code) return *code;
  if (sink.output_closed()) return 128 + SIGPIPE;
  return sink.complete() ? 0 : loop.signal_code();
}

void not_on_plain_lane(bool given, const char* options) {
  if (!given) return;
  throw Error(std::string(options) + ": not for --plain, which sends each message at most once",
              ExitCode::usage);
}

}  // namespace shoal::nodes
