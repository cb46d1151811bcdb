// shoal log: looks into a publisher's log without a node.

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <limits>
#include <optional>
#include <poll.h>
#include <string>
#include <unistd.h>

#include <shoal/app/logging.hpp>
#include <shoal/app/position.hpp>
#include <shoal/app/print.hpp>
#include <shoal/app/run_main.hpp>
#include <shoal/base/units.hpp>
#include <shoal/store/log_reader.hpp>
#include <shoal/store/log_recovery.hpp>
#include <shoal/stream/record_format.hpp>
#include <shoal/wire/json_line.hpp>

using namespace shoal;

namespace {

constexpr std::size_t block_size = 256 << 10;

struct Options {
  app::CommonOptions common;
  std::optional<std::string> folder;
  std::string from = "beginning";
  std::optional<std::uint64_t> count;
  std::string format;
  bool verify = false;
  bool repair = false;
  bool stats = false;
  bool json = false;
  bool null = false;
};

void declare(app::CommandLine& line, Options& options) {
  line.positional("DIR", options.folder, "The folder that a publisher was given with --log");
  line.group("What to do");
  line.flag("--stats", options.stats, "tell what the log holds instead of its records");
  line.flag("--verify", options.verify, "check every record; 65 when one is damaged");
  line.flag("--repair", options.repair,
            "set damaged segments aside and keep all whole records; nothing is deleted");
  line.group("Records");
  line.option("--from", "WHERE", options.from,
              "begin at an offset, beginning, end, -N (the last N), @TIME or DUR-ago");
  line.number("-n,--count", "N", options.count, 1, std::numeric_limits<std::int64_t>::max(),
              "no more than N records");
  line.flag("-J,--jsonl", options.json,
            "JSON lines: ts, topic, from, offset, epoch, headers, payload");
  line.option("--format", "TEMPLATE", options.format,
              "%t topic, %p payload, %o offset, %e epoch, %T time, %h{NAME} header, %f stream");
  line.flag("-0,--null", options.null, "records end with NUL instead of a line feed");
}

std::uint64_t unix_now() {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                        std::chrono::system_clock::now().time_since_epoch())
                                        .count());
}

std::uint64_t bytes_in(const store::LogFacts& facts) {
  std::uint64_t bytes = facts.unfinished;
  for (const store::SegmentFacts& segment : facts.segments) bytes += segment.size;
  return bytes;
}

std::uint64_t records_in(const store::LogFacts& facts) {
  std::uint64_t records = 0;
  for (const store::SegmentFacts& segment : facts.segments) records += segment.end - segment.base;
  return records;
}

std::uint64_t damages_in(const store::LogFacts& facts, store::Offset from) {
  return static_cast<std::uint64_t>(std::ranges::count_if(
      facts.segments,
      [&](const store::SegmentFacts& segment) { return segment.damage && segment.end >= from; }));
}

/// What is wrong with the log from `from` on; the exit code for that.
int tell_damage(const store::LogFacts& facts, store::Offset from) {
  for (const store::SegmentFacts& segment : facts.segments) {
    if (segment.damage && segment.end >= from) log_error(*segment.damage);
  }
  return damages_in(facts, from) == 0 ? 0 : static_cast<int>(ExitCode::bad_data);
}

void tell(const store::LogFacts& facts, bool json) {
  wire::JsonRecord line{.fields = {{"stream", facts.stream.id.hex()},
                                   {"epoch", std::uint64_t{facts.stream.epoch}},
                                   {"first", facts.first},
                                   {"end", facts.end},
                                   {"records", records_in(facts)},
                                   {"bytes", bytes_in(facts)},
                                   {"segments", std::uint64_t{facts.segments.size()}},
                                   {"gaps", std::uint64_t{facts.stream.gaps.size()}},
                                   {"damaged", damages_in(facts, 0)},
                                   {"unfinished", facts.unfinished}}};
  if (json) return app::print(wire::format_json_line(line) + "\n");
  std::string text;
  for (const auto& [name, value] : line.fields) {
    const auto* number = std::get_if<std::uint64_t>(&value);
    text += name + std::string(12 - name.size(), ' ') +
            (number != nullptr ? std::to_string(*number) : std::get<std::string>(value)) + "\n";
  }
  app::print(text);
}

int verify(const store::LogFacts& facts) {
  int code = tell_damage(facts, 0);
  if (facts.unfinished > 0) {
    log_info(std::to_string(facts.unfinished) +
             " bytes at the end are no whole record yet; the next publisher cuts them off if they "
             "stay so");
  }
  if (code != 0) return code;
  log_info(format_count(records_in(facts)) + " records are whole, in " +
           std::to_string(facts.segments.size()) + " segments");
  return 0;
}

int repair(const std::filesystem::path& folder) {
  store::LogRepair done = store::repair_log(folder);
  for (const auto& path : done.set_aside) log_warning("set aside " + path.string());
  for (const store::OffsetRange& gap : done.gaps) {
    log_warning("records " + std::to_string(gap.from) + " to " + std::to_string(gap.to - 1) +
                " are lost");
  }
  log_info(format_count(done.records) + " records are whole");
  return 0;
}

store::Offset offset_of(const wire::stream::Position& from, const store::LogFacts& facts,
                        store::RecordReader& reader) {
  using Kind = wire::stream::Position::Kind;
  switch (from.kind) {
    case Kind::offset:
      return from.value;
    case Kind::end:
      return facts.end;
    case Kind::last:
      return std::max(facts.first, facts.end - std::min(facts.end, from.value));
    case Kind::time:
      return reader.find_time(from.value, facts.end);
    default:
      return facts.first;
  }
}

bool reader_is_gone() {
  pollfd out{.fd = STDOUT_FILENO, .events = 0, .revents = 0};
  return poll(&out, 1, 0) > 0 && (out.revents & POLLERR) != 0;
}

store::LogHeaders headers_of(const store::RecordView& record) {
  Result<store::LogHeaders> headers = store::decode_log_headers(record.headers);
  return headers ? *headers : store::LogHeaders();
}

int print_records(const Options& options, const stream::RecordFormat& format,
                  const store::LogFacts& facts, store::RecordReader& reader) {
  const store::Offset from = reader.position();
  std::uint64_t left = options.count.value_or(~std::uint64_t{0});
  const std::string stream = facts.stream.id.hex();
  const char end = options.null ? '\0' : '\n';
  while (left > 0) {
    store::ReadOutcome outcome = reader.next(facts.end, block_size);
    if (std::holds_alternative<store::AtEnd>(outcome)) return tell_damage(facts, from);
    if (const auto* gap = std::get_if<store::OffsetRange>(&outcome)) {
      log_warning("records " + std::to_string(gap->from) + " to " + std::to_string(gap->to - 1) +
                  " are not there any more");
      continue;
    }
    std::string text;
    for (const store::RecordView& record : std::get<store::RecordBlock>(outcome)) {
      format.append(text, {.topic = record.topic,
                           .payload = record.payload,
                           .headers = headers_of(record),
                           .from = stream,
                           .offset = record.offset,
                           .epoch = record.epoch,
                           .time = record.time});
      text += end;
      if (--left == 0) break;
    }
    app::print(text);
    if (reader_is_gone()) return 128 + SIGPIPE;
  }
  return 0;
}

int run(const Options& options) {
  if (!options.folder) throw Error("which log? Write shoal log DIR", ExitCode::usage);
  if (int{options.verify} + int{options.repair} + int{options.stats} > 1) {
    throw Error("--verify, --repair and --stats do not go together", ExitCode::usage);
  }
  if (options.json && !options.format.empty()) {
    throw Error("-J and --format do not go together", ExitCode::usage);
  }
  stream::RecordFormat format =
      options.json ? stream::RecordFormat::json() : stream::RecordFormat::raw();
  if (!options.format.empty()) {
    Result<stream::RecordFormat> given = stream::RecordFormat::of_template(options.format);
    if (!given) throw Error("--format: " + given.reason(), ExitCode::usage);
    format = *given;
  }
  Result<wire::stream::Position> from = app::parse_position(options.from, unix_now());
  if (!from) throw Error("--from: " + from.reason(), ExitCode::usage);
  const std::filesystem::path folder = *options.folder;
  if (!std::filesystem::is_directory(folder)) throw Error("there is no folder " + folder.string());
  if (options.repair) return repair(folder);
  store::LogFacts facts = store::inspect_log(folder, options.verify);
  if (options.verify) return verify(facts);
  if (options.stats) {
    tell(facts, options.json);
    return tell_damage(facts, 0);
  }
  store::LogReader reader({.folder = folder, .stream = facts.stream.id, .first = facts.first});
  reader.seek(offset_of(*from, facts, reader));
  return print_records(options, format, facts, reader);
}

}  // namespace

int main(int argc, char** argv) {
  return app::run_main<Options>(
      argc, argv,
      {.name = "log",
       .summary = "Looks into a publisher's log, also while the publisher writes to it.",
       .examples = {{"shoal log d --stats", "what is in it"},
                    {"shoal log d --from -10 -J", "the last ten records as JSON lines"},
                    {"shoal log d --verify", "checks every record"}}},
      declare, run);
}
