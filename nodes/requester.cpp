// shoal requester: asks repliers.

#include <csignal>

#include <shoal/app/logging.hpp>
#include <shoal/app/node_loop.hpp>
#include <shoal/app/progress_text.hpp>
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
  runtime::Reactor reactor;
  Time begun = reactor.now();
  reqrep::RequestRun* draining = nullptr;
  app::DrainSignals signals(reactor, [&] { draining != nullptr ? draining->drain() : void(); });
  net::Context context(reactor, arguments.security);
  reqrep::RequestRun requests(context, reactor, std::move(options));
  draining = &requests;
  std::optional<int> code =
      app::run_node(reactor, signals, std::nullopt,
                    {.finished = [&] { return requests.finished(); },
                     .moved = [&] { return requests.counts().asked; },
                     .had_peer = [&] { return requests.requester().port().had_peer(); }});
  if (many) log_info(app::format_summary(summary(requests, reactor.now() - begun)));
  if (code) return *code;
  if (requests.error()) throw Error(*requests.error());
  if (requests.output_closed()) return 128 + SIGPIPE;
  if (requests.cut_short() && signals.draining()) return signals.exit_code();
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
