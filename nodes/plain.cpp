// The plain lane of the pipeline's nodes.

#include "plain.hpp"

#include <csignal>
#include <functional>

#include <shoal/app/logging.hpp>
#include <shoal/app/node_loop.hpp>
#include <shoal/app/progress.hpp>

namespace shoal::nodes {
namespace {

// How long after the first signal libzmq may go on writing what it was handed.
constexpr Duration drain_limit = std::chrono::seconds(3);

constexpr const char* at_most_once = " (plain lane: at most once)";

/// The loop that all three have: until the node has finished, or a drain has taken too long.
class PlainLoop {
 public:
  explicit PlainLoop(const PlainCommon& told)
      : told_(told),
        signals_(reactor_, [this] { drain(); }),
        context_(reactor_, told.security),
        begun_(reactor_.now()) {}

  void on_drain(std::function<void()> drain) { drain_ = std::move(drain); }
  runtime::Reactor& reactor() { return reactor_; }
  net::Context& context() { return context_; }
  Duration elapsed() const { return reactor_.now() - begun_; }
  int signal_code() const { return signals_.exit_code(); }

  /// `bounded`: what is left to write after a signal may be given up; else the node ends by itself.
  std::optional<int> run(app::NodeState node, bool bounded) {
    app::Progress line(reactor_, app::wants_progress(told_.common),
                       [count = node.moved] { return app::ProgressState{.done = count()}; });
    node.finished = [this, bounded, done = std::move(node.finished)] {
      return done() || (bounded && late_);
    };
    return app::run_node(reactor_, signals_, told_.idle_limit, node);
  }

 private:
  void drain() {
    late_timer_ = reactor_.at(reactor_.now() + drain_limit, [this] { late_ = true; });
    if (drain_) drain_();
  }

  const PlainCommon& told_;
  std::function<void()> drain_;
  runtime::Reactor reactor_;
  app::DrainSignals signals_;
  net::Context context_;
  Time begun_;
  bool late_ = false;
  runtime::Registration late_timer_;
};

}  // namespace

int run_plain(const PlainCommon& told, const pipeline::PlainVentilatorOptions& options) {
  PlainLoop loop(told);
  pipeline::PlainVentilator ventilator(loop.context(), loop.reactor(), options);
  loop.on_drain([&] { ventilator.drain(); });
  std::optional<int> code = loop.run({.finished = [&] { return ventilator.finished(); },
                                      .moved = [&] { return ventilator.sent(); },
                                      .had_peer = [&] { return ventilator.had_peer(); }},
                                     true);
  log_info(app::format_summary({.total = ventilator.sent(), .elapsed = loop.elapsed()}) +
           " handed out" + at_most_once);
  if (ventilator.input_error()) throw Error(*ventilator.input_error());
  bool well = ventilator.complete() && ventilator.finished();
  return code.value_or(well ? 0 : loop.signal_code());
}

int run_plain(const PlainCommon& told, const pipeline::PlainWorkerOptions& options) {
  PlainLoop loop(told);
  pipeline::PlainWorker worker(loop.context(), loop.reactor(), options);
  loop.on_drain([&] { worker.drain(); });
  std::optional<int> code =
      loop.run({.finished = [&] { return worker.finished(); },
                .moved = [&] { return worker.taken() + worker.done() + worker.failed(); },
                .had_peer = [&] { return worker.had_peer(); }},
               false);
  log_info(app::format_summary({.total = worker.taken(),
                                .done = worker.done(),
                                .failed = worker.failed(),
                                .elapsed = loop.elapsed()}) +
           at_most_once);
  return code.value_or(static_cast<int>(worker.failed() == 0 ? ExitCode::ok : ExitCode::error));
}

int run_plain(const PlainCommon& told, const pipeline::PlainSinkOptions& options) {
  PlainLoop loop(told);
  pipeline::PlainSink sink(loop.context(), loop.reactor(), options);
  loop.on_drain([&] { sink.drain(); });
  std::optional<int> code = loop.run({.finished = [&] { return sink.finished(); },
                                      .moved = [&] { return sink.kept(); },
                                      .had_peer = [&] { return sink.had_peer(); }},
                                     false);
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
