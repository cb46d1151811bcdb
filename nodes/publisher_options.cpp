#include "publisher_options.hpp"

#include <charconv>

#include <shoal/app/header_options.hpp>
#include <shoal/base/units.hpp>

namespace shoal::nodes {
namespace {

Error usage(const std::string& text) {
  return Error(text, ExitCode::usage);
}

/// N/s, N/m or N/h; N alone is a second's.
double parse_rate(const std::string& text) {
  double count = 0;
  const char* end = text.data() + text.size();
  auto [stop, error] = std::from_chars(text.data(), end, count);
  std::string_view unit(stop, static_cast<std::size_t>(end - stop));
  double span = 0;
  if (unit.empty() || unit == "/s") span = 1;
  if (unit == "/m") span = 60;
  if (unit == "/h") span = 3600;
  if (error != std::errc() || span == 0 || !(count > 0) || count > 1e12) {
    throw usage("--rate " + text + ": write N/s, N/m or N/h, such as 1000/s");
  }
  return count / span;
}

void set_fsync(const std::string& text, stream::StreamWriterOptions& writer) {
  constexpr std::string_view interval = "interval:";
  if (text == "group") return;
  if (text == "none") {
    writer.fsync = stream::Fsync::none;
    return;
  }
  Result<Duration> span = Failure{"no such way"};
  if (text.starts_with(interval)) span = parse_duration(text.substr(interval.size()));
  if (!span) throw usage("--fsync " + text + ": write group, interval:DUR or none");
  writer.fsync = stream::Fsync::interval;
  writer.fsync_interval = *span;
}

}  // namespace

stream::PublishRunOptions run_options(const PublisherArguments& arguments) {
  stream::PublishRunOptions run = arguments.run;
  stream::PublishInputOptions& input = run.input;
  if (arguments.json && arguments.key_delimiter) throw usage("-J and -K: choose one");
  if (arguments.json) input.form = stream::InputForm::json;
  if (arguments.key_delimiter) {
    if (arguments.key_delimiter->empty()) throw usage("-K: a delimiter is at least one character");
    input.form = stream::InputForm::keyed;
    input.key_delimiter = *arguments.key_delimiter;
  }
  if (input.skip_bad && input.form == stream::InputForm::payloads) {
    throw usage("--skip-bad is for -J and -K: any line is a payload");
  }
  if (arguments.null) input.delimiter = '\0';
  input.headers = app::parse_headers(arguments.headers);
  if (!arguments.rate.empty()) run.rate = parse_rate(arguments.rate);
  if (run.stay && run.linger) throw usage("--stay and --linger: choose one");
  set_fsync(arguments.fsync, run.writer);
  bool for_log = arguments.retain_size || arguments.retain_age || arguments.fsync != "group";
  if (!arguments.log && for_log) {
    throw usage("--fsync, --retain-size and --retain-age are for a log on disk: give --log DIR");
  }
  if (arguments.log && arguments.memory) throw usage("--log and --memory: choose one");
  if (arguments.memory) run.writer.memory = *arguments.memory;
  if (arguments.log) {
    run.writer.log = store::LogWriterOptions{.folder = *arguments.log,
                                             .segment_size = arguments.segment,
                                             .retain_size = arguments.retain_size,
                                             .retain_age = arguments.retain_age};
  }
  net::PlainOptions& live = run.live.socket.plain;
  live.high_water = stream::live_high_water;
  if (live.binds.empty() && live.connects.empty()) live.binds = {stream::live_endpoint};
  return run;
}

}  // namespace shoal::nodes
