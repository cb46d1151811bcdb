#include <algorithm>
#include <cerrno>
#include <unistd.h>

#include <shoal/store/log_recovery.hpp>
#include <shoal/store/log_scan.hpp>

namespace shoal::store {
namespace {

namespace fs = std::filesystem;

// Consecutive whole records in a damaged segment.
struct Run {
  Offset first = 0;
  Offset end = 0;
  std::uint64_t from = 0;  // position in the damaged file
  std::uint64_t to = 0;
  RecordView begin{};  // only its numbers are used
};

// A run from `at` on, where a whole record is known to begin.
Run run_at(SegmentReader& reader, std::uint64_t at, const RecordView& record) {
  reader.go_to(record.offset, at);
  scan_segment(reader);
  return {record.offset, reader.offset(), at, reader.position(), record};
}

std::vector<Run> runs_of(SegmentReader& reader, Offset base) {
  std::vector<Run> runs;
  std::uint64_t from = 0;
  Offset least = base;
  while (true) {
    RecordView begin;
    std::optional<std::uint64_t> at =
        find_record(reader.file(), from, least, [&](const RecordView& record) {
          begin = record;
          return true;
        });
    if (!at) return runs;
    runs.push_back(run_at(reader, *at, begin));
    from = runs.back().to;
    least = runs.back().end;
  }
}

fs::path aside_name(const fs::path& segment) {
  for (int n = 1;; ++n) {
    fs::path name = segment;
    name += n == 1 ? ".damaged" : ".damaged-" + std::to_string(n);
    std::error_code ignored;
    if (!fs::exists(fs::symlink_status(name, ignored))) return name;
  }
}

void write_run(const fs::path& folder, const Run& run, const Id& stream, File& from) {
  fs::path path = segment_path(folder, run.first);
  fs::path fresh = path;
  fresh += ".new";
  File to = File::make(fresh);
  std::string bytes = encode_segment_header(
      {.stream = stream, .epoch = run.begin.epoch, .base = run.first, .begun = run.begin.time});
  std::uint64_t at = 0;
  std::uint64_t next = run.from;
  while (true) {
    iovec part{bytes.data(), bytes.size()};
    to.write(at, {&part, 1});
    at += bytes.size();
    if (next == run.to) break;
    bytes = from.read(next, std::min<std::uint64_t>(run.to - next, log_scan_block));
    next += bytes.size();
  }
  to.sync();
  rename_durably(fresh, path);
}

// The segment keeps its own name until all its records stand elsewhere, so that a crash on the way
// leaves damage that the next repair finds.
void repair_segment(const fs::path& folder, Offset base, const Id& stream, LogRepair& repair) {
  fs::path path = segment_path(folder, base);
  fs::path aside = aside_name(path);
  SegmentReader reader = SegmentReader::of_damaged(folder, base);
  std::vector<Run> runs = runs_of(reader, base);
  if (::link(path.c_str(), aside.c_str()) != 0) {
    throw system_error("cannot set aside " + path.string());
  }
  sync_directory_of(aside);
  for (auto run = runs.rbegin(); run != runs.rend(); ++run) {
    write_run(folder, *run, stream, reader.file());
  }
  if (runs.empty() || runs.front().first != base) {
    std::error_code failed;
    fs::remove(path, failed);
    if (failed) throw system_error("cannot set aside " + path.string(), failed.value());
    sync_directory_of(aside);
  }
  std::error_code absent;
  fs::remove(index_path(folder, base), absent);
  repair.set_aside.push_back(aside);
}

// Who the stream is, when its own file cannot tell: its segments do.
StreamFile recognise(const fs::path& folder, const std::vector<Offset>& bases) {
  try {
    if (std::optional<StreamFile> stream = read_stream_file(folder)) return *stream;
  } catch (const Error& error) {
    if (error.code() != ExitCode::bad_data) throw;
  }
  for (Offset base : bases) {
    File file = File::open_to_read(segment_path(folder, base));
    std::string bytes(log_segment_header_size, '\0');
    bytes.resize(file.read_some(0, bytes.data(), bytes.size()));
    if (auto header = decode_segment_header(bytes)) return {.id = header->stream};
  }
  throw Error("nothing in " + folder.string() + " tells what stream it is; is it a log?",
              ExitCode::bad_data);
}

bool is_sound(const fs::path& folder, Offset base, bool last, StreamFile& stream) {
  try {
    SegmentReader reader(folder, base, stream.id);
    SegmentScan scan = scan_segment(reader);
    stream.epoch = std::max({stream.epoch, scan.last_epoch, reader.header().epoch});
    if (scan.stop == SegmentReader::Stop::end) return true;
    return last && was_never_synced(reader, read_synced_note(folder));
  } catch (const Error& error) {
    if (error.code() != ExitCode::bad_data) throw;
    return false;
  }
}

// An index without its segment tells up to where the log has gone; then it goes.
Offset forget_indexes(const fs::path& folder, const std::vector<Offset>& bases) {
  Offset end = 0;
  for (Offset base : indexes_in(folder)) {
    if (std::ranges::binary_search(bases, base)) continue;
    if (auto index = load_index(folder, base)) end = std::max(end, index->end());
    std::error_code absent;
    fs::remove(index_path(folder, base), absent);
  }
  return end;
}

// What is missing between the segments as they are now, and behind them.
void note_gaps(const fs::path& folder, StreamFile& stream, LogRepair& repair) {
  std::optional<SyncedNote> note = read_synced_note(folder);
  std::vector<Offset> bases = segments_in(folder);
  std::vector<OffsetRange> gaps;
  std::optional<Offset> end;
  for (Offset base : bases) {
    if (end && *end != base) gaps.push_back({*end, base});
    SegmentReader reader(folder, base, stream.id);
    SegmentScan scan = scan_segment(reader);
    stream.epoch = std::max(stream.epoch, scan.last_epoch);
    end = reader.offset();
    repair.records += *end - base;
  }
  Offset head = std::max({note ? note->next : 0, forget_indexes(folder, bases),
                          stream.gaps.empty() ? 0 : stream.gaps.back().to});
  if (head > end.value_or(0)) gaps.push_back({end.value_or(0), head});
  stream.gaps = gaps;
  repair.gaps = gaps;
}

}  // namespace

LogRepair repair_log(const fs::path& folder) {
  LogLock lock(folder);
  std::vector<Offset> bases = segments_in(folder);
  StreamFile stream = recognise(folder, bases);
  LogRepair repair;
  for (Offset base : bases) {
    if (is_sound(folder, base, base == bases.back(), stream)) continue;
    repair_segment(folder, base, stream.id, repair);
  }
  note_gaps(folder, stream, repair);
  replace_file(folder / "stream", encode_stream_file(stream));
  // What it says was about the segments as they were.
  std::error_code absent;
  std::filesystem::remove(folder / "synced", absent);
  if (absent) throw system_error("cannot remove the note of a log", absent.value());
  sync_directory_of(folder / "stream");
  return repair;
}

}  // namespace shoal::store
