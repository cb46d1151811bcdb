// shoal ventilator: hands tasks out to workers, one a line of its input.

#include <shoal/app/logging.hpp>
#include <shoal/app/node_loop.hpp>
#include <shoal/app/run_main.hpp>
#include <shoal/pipeline/ventilator.hpp>

#include "plain.hpp"

using namespace shoal;

namespace {

struct Options : app::NodeOptions {
  bool null = false;
  bool plain = false;
  pipeline::VentilatorOptions ventilator;
};

void declare(app::CommandLine& line, Options& options) {
  pipeline::VentilatorOptions& ventilator = options.ventilator;
  line.positionals("FILE...", ventilator.input.files,
                   "tasks, one a line; `-` and none at all: stdin");
  line.group("Network");
  app::declare_endpoints(line, "-b,--bind,--listen", ventilator.binds,
                         "listen for workers (tcp://127.0.0.1:5016, without -c)");
  app::declare_endpoints(line, "-c,--connect,--dial", ventilator.connects,
                         "dial workers that listen");
  app::declare_timeout(line, options.idle_limit);
  line.group("Tasks");
  line.flag("-0,--null", options.null, "tasks end with NUL instead of a line feed");
  line.flag("--whole", ventilator.input.whole, "each FILE is one task");
  line.option("--job", "NAME", ventilator.job, "name of the job; the same name is the same job");
  line.option("--journal", "FILE", ventilator.journal,
              "remember in FILE what is done: the same command goes on after a crash or Ctrl-C");
  line.number("--attempts", "N", ventilator.attempts, 1, 1'000'000,
              "a task that failed so often becomes a dead letter");
  line.option("--lease", "DUR", ventilator.lease,
              "hand a task out again when its worker is silent so long");
  line.size("--window", "SIZE", ventilator.window_bytes, "read so far ahead of what is done");
  line.max_size(ventilator.input.max_task, "the largest task");
  line.flag("--plain", options.plain,
            "a bare PUSH socket, a message a task, at most once: for any ZeroMQ program");
  app::declare_security(line, options.security);
}

app::ProgressState progress(const pipeline::VentilatorCore& core) {
  return {.done = core.settled(),
          .total = core.total(),
          .in_flight = core.in_flight(),
          .workers = core.workers()};
}

app::SummaryState summary(const pipeline::VentilatorCore& core, Duration elapsed) {
  return {.total = core.offered(),
          .done = core.state().done.count(),
          .failed = core.state().failed.count(),
          .redelivered = core.redelivered(),
          .elapsed = elapsed};
}

int run_plain(const Options& options) {
  const pipeline::VentilatorOptions& ventilator = options.ventilator;
  nodes::not_on_plain_lane(!ventilator.job.empty() || ventilator.journal, "--job, --journal");
  return nodes::run_plain(options, pipeline::PlainVentilatorOptions{.binds = ventilator.binds,
                                                                    .connects = ventilator.connects,
                                                                    .input = ventilator.input});
}

int run(Options& options) {
  if (options.null) options.ventilator.input.delimiter = '\0';
  if (options.plain) return run_plain(options);
  app::NodeLoop loop(options);
  pipeline::Ventilator ventilator(loop.context(), loop.reactor(), options.ventilator);
  const pipeline::VentilatorCore& core = ventilator.core();
  std::optional<int> code = loop.run({.drain = [&] { ventilator.drain(); },
                                      .finished = [&] { return ventilator.finished(); },
                                      .moved = [&] { return core.settled() + core.offered(); },
                                      .had_peer = [&] { return ventilator.port().had_peer(); },
                                      .progress = [&] { return progress(core); }});
  ventilator.leave_now();
  if (ventilator.began_over() && core.complete()) {
    log_warning(
        "this job was over before: its journal has every task as settled, and no worker or "
        "sink is told anything; remove the journal to do it again");
  }
  log_info(app::format_summary(summary(core, loop.elapsed())));
  if (code) return *code;
  if (core.complete() && !core.confirmed() && !ventilator.was_finished()) {
    log_warning("every task is settled, but a sink has not confirmed that it knows the end");
  }
  if (ventilator.input_error()) throw Error(*ventilator.input_error());
  if (!core.complete()) return loop.signal_code();
  return static_cast<int>(core.state().failed.empty() ? ExitCode::ok : ExitCode::error);
}

}  // namespace

int main(int argc, char** argv) {
  return app::run_main<Options>(
      argc, argv,
      {.name = "ventilator",
       .summary = "Hands tasks out to workers, one a line, until sinks have every result.",
       .examples = {{"seq 1000 | shoal ventilator", "a thousand tasks for whoever connects"},
                    {"shoal ventilator --journal j FILE", "goes on where it was stopped"}}},
      declare, run);
}
