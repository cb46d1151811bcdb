#include "subscriber_options.hpp"

#include <algorithm>
#include <chrono>

#include <shoal/app/position.hpp>
#include <shoal/net/endpoint.hpp>
#include <shoal/store/log_format.hpp>
#include <shoal/stream/live_publisher.hpp>

namespace shoal::nodes {
namespace {

using wire::stream::Position;

// Octets that may be on their way or wait for a commit.
constexpr std::uint64_t window = 16UL << 20;

Error usage(const std::string& text) {
  return Error(text, ExitCode::usage);
}

std::uint64_t unix_now() {
  auto since = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(Duration(since).count());
}

/// How many publishers the lists name; nothing where that is not told before they are there.
std::optional<std::size_t> publishers_in(const SubscriberArguments& arguments) {
  if (!arguments.stream_binds.empty()) return std::nullopt;
  std::size_t count = 0;
  for (const std::string& list : arguments.streams) {
    Result<std::vector<net::EndpointSource>> sources = net::parse_endpoint_list(list);
    if (!sources) throw usage("--stream: " + sources.reason());
    for (const net::EndpointSource& source : *sources) {
      if (source.is_file || source.text.starts_with("dns+")) return std::nullopt;
      ++count;
    }
  }
  return std::max<std::size_t>(count, 1);
}

Position position(const SubscriberArguments& arguments) {
  if (arguments.last) return {.kind = Position::Kind::last_of_topic};
  Result<Position> from = app::parse_position(arguments.from.value_or("beginning"), unix_now());
  if (!from) throw usage("--from: " + from.reason());
  return *from;
}

stream::RecordFormat format(const SubscriberArguments& arguments) {
  if (arguments.json + arguments.raw + arguments.format.has_value() > 1) {
    throw usage("-J, --raw and --format do not go together: choose one");
  }
  if (arguments.json) return stream::RecordFormat::json();
  if (!arguments.format) return stream::RecordFormat::raw();
  Result<stream::RecordFormat> given = stream::RecordFormat::of_template(*arguments.format);
  if (!given) throw usage("--format: " + given.reason());
  return *given;
}

/// A stream when one is named, or something is asked for that only a stream has.
bool wants_stream(const SubscriberArguments& arguments) {
  bool live = !arguments.binds.empty() || !arguments.connects.empty();
  bool stream = !arguments.streams.empty() || !arguments.stream_binds.empty() || arguments.from ||
                arguments.last || arguments.skip_trimmed || arguments.run.output.cursor;
  if (live && stream) {
    throw usage(
        "-b and -c are the live lane, which has neither a past nor a cursor: leave them "
        "out, or --stream, --from, --last, --cursor and --skip-trimmed");
  }
  return stream || (arguments.run.until_end && !live);
}

}  // namespace

stream::SubscribeRunOptions run_options(const SubscriberArguments& arguments) {
  stream::SubscribeRunOptions run = arguments.run;
  run.format = format(arguments);
  run.json = arguments.json;
  if (arguments.null) run.delimiter = '\0';
  if (arguments.last && arguments.from) throw usage("--last and --from: choose one");
  if (!arguments.patterns.empty() && !arguments.prefixes.empty()) {
    throw usage("-s and --prefix: choose one");
  }
  bool prefix = !arguments.prefixes.empty();
  stream::Topics topics{.patterns = prefix ? arguments.prefixes : arguments.patterns,
                        .prefix = prefix};
  if (wants_stream(arguments)) {
    std::optional<std::size_t> publishers = publishers_in(arguments);
    run.streams = publishers.value_or(1);
    run.stream = stream::StreamReaderOptions{
        .binds = arguments.stream_binds,
        .connects = arguments.streams,
        .reading = {.from = position(arguments), .topics = std::move(topics), .window = window}};
    // Without a cursor to lose, a publisher with a new log is as good as another.
    if (run.output.cursor) run.stream->reading.streams = publishers;
    return run;
  }
  net::PlainOptions socket{.binds = arguments.binds,
                           .connects = arguments.connects,
                           .peer = "publisher",
                           .high_water = stream::live_high_water,
                           .message_bytes = store::log_most_record};
  if (socket.binds.empty() && socket.connects.empty()) socket.connects = {stream::live_endpoint};
  run.live =
      stream::LiveSubscriberOptions{.socket = std::move(socket), .topics = std::move(topics)};
  return run;
}

}  // namespace shoal::nodes
