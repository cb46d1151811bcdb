// shoal publisher: publishes messages, live and as a stream.

#include <shoal/app/logging.hpp>
#include <shoal/app/node_loop.hpp>
#include <shoal/app/run_main.hpp>

#include "publisher_options.hpp"

using namespace shoal;

namespace {

app::SummaryState summary(const stream::PublishRun& run, Duration elapsed) {
  app::SummaryState state{.noun = "message", .total = run.appended(), .elapsed = elapsed};
  state.add_any(run.input().skipped(), "bad lines");
  state.add_any(run.input().events(), "notes of lost messages passed over");
  state.add_any(run.live().dropped(), "dropped on the live lane");
  state.add_any(run.writer().lost_readers(), "readers fell silent before they had everything");
  return state;
}

/// A full disk leaves some of the input in the log: says how to go on with the rest.
Error with_place(const Error& error, const stream::PublishRun& run, bool null) {
  std::optional<std::uint64_t> lines = run.lines_kept();
  if (!lines) return error;
  if (*lines == 0) {
    return Error(std::string(error.what()) + "; nothing of the input is in the log", error.code());
  }
  return Error(std::string(error.what()) + ", but with what " +
                   (null ? "tail -z -n +" : "tail -n +") + std::to_string(*lines + 1) +
                   " prints of the input: the messages of its first " + std::to_string(*lines) +
                   " lines are in the log",
               error.code());
}

int publish(app::NodeLoop& loop, stream::PublishRun& publishing) {
  std::optional<int> code =
      loop.run({.drain = [&] { publishing.drain(); },
                .finished = [&] { return publishing.finished(); },
                .moved = [&] { return publishing.moved(); },
                .had_peer = [&] { return publishing.had_peer(); },
                .progress = [&] { return app::ProgressState{.done = publishing.appended()}; },
                .drains_for_at_most = std::chrono::seconds(10)});
  log_info(app::format_summary(summary(publishing, loop.elapsed())));
  if (code) return *code;
  if (publishing.input().error()) throw Error(*publishing.input().error());
  if (publishing.fell_short()) {
    if (publishing.left_early()) {
      log_warning("left before every reader of the stream had everything");
    }
    if (publishing.writer().lost_readers() > 0) {
      log_warning("without --log what readers had not had when they fell silent is gone");
    }
    return static_cast<int>(ExitCode::incomplete);
  }
  return publishing.cut_short() ? loop.signal_code() : 0;
}

int run(nodes::PublisherArguments& arguments) {
  stream::PublishRunOptions options = nodes::run_options(arguments);
  app::NodeLoop loop(arguments);
  stream::PublishRun publishing(loop.context(), loop.reactor(), std::move(options));
  try {
    return publish(loop, publishing);
  } catch (const Error& error) {
    throw with_place(error, publishing, arguments.null);
  }
}

}  // namespace

int main(int argc, char** argv) {
  return app::run_main<nodes::PublisherArguments>(
      argc, argv,
      {.name = "publisher",
       .summary = "Publishes messages, one a line of its input: live to whoever is subscribed, and "
                  "as a stream that can be read from its beginning.",
       .examples = {{"tail -f x.log | shoal publisher", "live, and the last 64M for late readers"},
                    {"shoal publisher --log d FILE", "kept in d: nothing is lost, whoever is slow"},
                    {"shoal publisher -J --wait-subscribers 1 < saved", "what was saved, again"}}},
      nodes::declare_publisher, run);
}
