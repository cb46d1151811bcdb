// shoal requester: asks repliers.

#include <csignal>

#include <shoal/app/logging.hpp>
#include <shoal/app/node_loop.hpp>
#include <shoal/app/run_main.hpp>

#include "requester_options.hpp"

using namespace shoal;

namespace {

app::SummaryState summary(const reqrep::RequestRun& run, Duration elapsed) {
  const reqrep::RequestCounts& counts = run.counts();
  const reqrep::RequesterCore& core = run.requester().core();
  return {.noun = "request",
          .total = counts.asked,
          .others = {{counts.answered, "answered"},
                     {counts.failed, "failed"},
                     {core.retried(), "retried"},
                     {core.stray(), "stray"}},
          .elapsed = elapsed};
}

int run(nodes::RequesterArguments& arguments) {
  reqrep::RequestRunOptions options = nodes::run_options(arguments);
  const bool many = !options.body;
  app::NodeLoop loop(arguments);
  reqrep::RequestRun requests(loop.context(), loop.reactor(), std::move(options));
  std::optional<int> code =
      loop.run({.drain = [&] { requests.drain(); },
                .finished = [&] { return requests.finished(); },
                .moved = [&] { return requests.counts().asked; },
                .had_peer = [&] { return requests.requester().port().had_peer(); }});
  if (many) log_info(app::format_summary(summary(requests, loop.elapsed())));
  if (code) return *code;
  if (requests.error()) throw Error(*requests.error());
  if (requests.output_closed()) return 128 + SIGPIPE;
  if (requests.cut_short() && loop.signal_code() != 0) return loop.signal_code();
  return requests.exit_code();
}

}  // namespace

int main(int argc, char** argv) {
  return app::run_main<nodes::RequesterArguments>(
      argc, argv,
      {.name = "requester",
       .summary = "Asks repliers, one request or each line of its input, and prints the replies.",
       .examples = {{"shoal requester 'how many words'", "one request; exits as its command did"},
                    {"seq 1000 | shoal requester", "a request a line, replies in that order"},
                    {"shoal requester --all status", "asks every replier"}}},
      nodes::declare_requester, run);
}
