// shoal worker: runs tasks and brings their results to sinks.

#include <thread>

#include <shoal/app/logging.hpp>
#include <shoal/app/node_loop.hpp>
#include <shoal/app/run_main.hpp>
#include <shoal/pipeline/worker.hpp>
#include <shoal/runtime/startup.hpp>

#include "plain.hpp"

using namespace shoal;

namespace {

struct Options : app::NodeOptions {
  std::uint32_t jobs = std::max(1U, std::thread::hardware_concurrency());
  bool plain = false;
  pipeline::WorkerOptions worker;
};

void declare(app::CommandLine& line, Options& options) {
  pipeline::WorkerOptions& worker = options.worker;
  line.command("CMD [ARG...]", worker.executor.argv,
               "what to run; without it the results are the tasks");
  line.group("Network");
  app::declare_endpoints(line, "--from", worker.from, "dial ventilators (tcp://127.0.0.1:5016)");
  app::declare_endpoints(line, "--to", worker.to, "dial sinks (tcp://127.0.0.1:5017)");
  app::declare_endpoints(line, "--from-bind", worker.from_binds,
                         "listen for ventilators that dial");
  app::declare_endpoints(line, "--to-bind", worker.to_binds, "listen for sinks that dial");
  app::declare_timeout(line, options.idle_limit, "-W,--wait");
  line.group("Running");
  line.number("-j,--jobs", "N", options.jobs, 1, 10'000, "so many tasks at a time");
  line.choice("--mode", "MODE", worker.executor.mode,
              {{"each", pipeline::Mode::each},
               {"batch", pipeline::Mode::batch},
               {"stream", pipeline::Mode::stream}},
              "each: a process a task, which stands on stdin and for {}; batch: a process for many "
              "tasks, lines on stdin; stream: one process a slot, a line out for each line in");
  line.option("--timeout", "DUR", worker.executor.timeout,
              "end a task that takes longer; 0: never");
  line.max_size(worker.executor.max_result, "the largest result");
  line.flag("--once", worker.once, "leave when a job has ended");
  line.flag("--plain", options.plain,
            "bare PULL and PUSH sockets, a message a task, at most once: for any ZeroMQ program");
  app::declare_security(line, options.security);
}

int run_plain(const Options& options) {
  const pipeline::WorkerOptions& worker = options.worker;
  nodes::not_on_plain_lane(worker.once, "--once");
  return nodes::run_plain(options, pipeline::PlainWorkerOptions{.from = worker.from,
                                                                .from_binds = worker.from_binds,
                                                                .to = worker.to,
                                                                .to_binds = worker.to_binds,
                                                                .executor = worker.executor});
}

int run(Options& options) {
  runtime::require_fds(app::least_fds + runtime::fds_a_command * options.jobs);
  options.worker.executor.slots = options.jobs;
  if (options.plain) return run_plain(options);
  app::NodeLoop loop(options);
  pipeline::Worker worker(loop.context(), loop.reactor(), options.worker);
  const pipeline::WorkerCore& core = worker.core();
  std::optional<int> code =
      loop.run({.drain = [&] { worker.drain(); },
                .finished = [&] { return worker.finished(); },
                .moved = [&] { return core.done() + core.failed() + core.taken(); },
                .had_peer = [&] { return worker.from().had_peer(); }});
  log_info(app::format_summary({.total = core.taken(),
                                .done = core.done(),
                                .failed = core.failed(),
                                .elapsed = loop.elapsed()}));
  return code.value_or(0);
}

}  // namespace

int main(int argc, char** argv) {
  return app::run_main<Options>(
      argc, argv,
      {.name = "worker",
       .summary =
           "Takes tasks from ventilators, runs a command on them and brings the results to sinks.",
       .examples = {{"shoal worker -- sha256sum {}", "a process for each task"},
                    {"shoal worker --mode stream -- cat",
                     "one process a slot, line in, line out"}}},
      declare, run);
}
