// shoal replier: answers requests.

#include <thread>

#include <shoal/app/logging.hpp>
#include <shoal/app/node_loop.hpp>
#include <shoal/app/run_main.hpp>
#include <shoal/reqrep/replier.hpp>
#include <shoal/runtime/startup.hpp>

using namespace shoal;

namespace {

struct Options : app::NodeOptions {
  reqrep::ReplierOptions replier{
      .executor = {.slots = std::max(1U, std::thread::hardware_concurrency())}};
};

void declare(app::CommandLine& line, Options& options) {
  reqrep::ReplierOptions& replier = options.replier;
  line.command("CMD [ARG...]", replier.executor.argv,
               "what answers; without it the reply is the request");
  line.group("Network");
  app::declare_endpoints(line, "-b,--bind,--listen", replier.binds,
                         "listen for requesters (tcp://127.0.0.1:5020, without -c)");
  app::declare_endpoints(line, "-c,--connect,--dial", replier.connects,
                         "dial requesters that listen");
  app::declare_endpoints(line, "--forward", replier.forward,
                         "pass what CMD made of a request on to a replier there; the last of the "
                         "chain answers");
  line.group("Answering");
  line.number("-j,--jobs", "N", replier.executor.slots, 1, 10'000, "so many requests at a time");
  line.choice("--mode", "MODE", replier.executor.mode,
              {{"each", reqrep::Mode::each}, {"stream", reqrep::Mode::stream}},
              "each: a process a request, which stands on stdin and for {}; stream: one process a "
              "slot, a line out for each line in");
  line.option("--timeout", "DUR", replier.executor.timeout,
              "end a command that takes longer; 0: only at the request's own deadline");
  line.option("--cache", "DUR", replier.cache,
              "answer a repeated request from what was answered so long before, and run it never "
              "twice; 0: off");
  line.max_size(replier.executor.max_output, "the largest request and reply");
  app::declare_security(line, options.security);
}

int run(Options& options) {
  runtime::require_fds(app::least_fds + runtime::fds_a_command * options.replier.executor.slots);
  app::NodeLoop loop(options);
  reqrep::Replier replier(loop.context(), loop.reactor(), options.replier);
  const reqrep::ReplierCore& core = replier.core();
  std::optional<int> code = loop.run({.drain = [&] { replier.drain(); },
                                      .finished = [&] { return replier.finished(); },
                                      .moved = [&] { return core.answered(); },
                                      .had_peer = [&] { return replier.port().had_peer(); }});
  log_info(app::format_summary({.noun = "request",
                                .total = core.taken(),
                                .others = {{core.answered(), "answered"},
                                           {core.failed(), "failed"},
                                           {core.repeated(), "repeated"},
                                           {core.dropped(), "dropped"}},
                                .elapsed = loop.elapsed()}));
  return code.value_or(0);
}

}  // namespace

int main(int argc, char** argv) {
  return app::run_main<Options>(
      argc, argv,
      {.name = "replier",
       .summary = "Answers requests, each by a run of a command or by one long-lived process.",
       .examples = {{"shoal replier -- wc -w", "a process for each request"},
                    {"shoal replier --mode stream -- bc -l", "one process a slot, line by line"}}},
      declare, run);
}
