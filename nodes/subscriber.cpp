// shoal subscriber: prints what publishers publish, live or from their streams.

#include <csignal>

#include <shoal/app/logging.hpp>
#include <shoal/app/node_loop.hpp>
#include <shoal/app/run_main.hpp>

#include "subscriber_options.hpp"

using namespace shoal;

namespace {

app::SummaryState summary(const stream::SubscribeRun& run, Duration elapsed) {
  app::SummaryState state{.noun = "message", .total = run.printed(), .elapsed = elapsed};
  state.add_any(run.missing(), "missing");
  state.add_any(run.repeated(), "repeated");
  state.add_any(run.trimmed(), "trimmed");
  return state;
}

int run(nodes::SubscriberArguments& arguments) {
  stream::SubscribeRunOptions options = nodes::run_options(arguments);
  app::NodeLoop loop(arguments);
  stream::SubscribeRun reading(loop.context(), loop.reactor(), std::move(options));
  std::optional<int> code = loop.run({.drain = [&] { reading.drain(); },
                                      .finished = [&] { return reading.finished(); },
                                      .moved = [&] { return reading.printed(); },
                                      .had_peer = [&] { return reading.had_peer(); }});
  log_info(app::format_summary(summary(reading, loop.elapsed())));
  if (code) return *code;
  if (reading.output_closed()) return 128 + SIGPIPE;
  if (std::string place = reading.beyond_end(); !place.empty()) {
    throw Error(place, ExitCode::bad_data);
  }
  bool lost = reading.missing() > 0 || (reading.trimmed() > 0 && !arguments.skip_trimmed);
  if (lost) return static_cast<int>(ExitCode::incomplete);
  if (reading.timed_out()) return static_cast<int>(ExitCode::timed_out);
  return reading.cut_short() ? loop.signal_code() : 0;
}

}  // namespace

int main(int argc, char** argv) {
  return app::run_main<nodes::SubscriberArguments>(
      argc, argv,
      {.name = "subscriber",
       .summary = "Prints what publishers publish: live, or from the beginning of their streams.",
       .examples = {{"shoal subscriber -s 'sensor.*'", "what comes from now on"},
                    {"shoal subscriber --stream --until-end", "all there is, and then ends"},
                    {"shoal subscriber --cursor c -o out.txt",
                     "goes on where it was, each message once in out.txt"}}},
      nodes::declare_subscriber, run);
}
