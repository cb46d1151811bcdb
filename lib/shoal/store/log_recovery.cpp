#include <algorithm>
#include <cerrno>
#include <fcntl.h>

#include <shoal/store/log_recovery.hpp>
#include <shoal/store/log_scan.hpp>

namespace shoal::store {
namespace {

namespace fs = std::filesystem;

void remove_unfinished(const fs::path& folder) {
  std::error_code failed;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, failed)) {
    if (entry.path().extension() != ".new") continue;
    fs::remove(entry.path(), failed);
  }
  if (failed) throw system_error("cannot tidy " + folder.string(), failed.value());
}

// What the records themselves say of their epochs counts more than what was noted of them.
void add_starts(std::vector<EpochStart>& starts, const std::vector<EpochStart>& seen) {
  for (const EpochStart& start : seen) {
    while (!starts.empty() && starts.back().epoch > start.epoch) starts.pop_back();
    if (starts.empty() || starts.back().epoch < start.epoch) starts.push_back(start);
  }
}

// A complete segment, every record of it checked; its index is made anew where it is not right.
SegmentFacts check_segment(const fs::path& folder, Offset base, StreamFile& stream) {
  SegmentReader reader(folder, base, stream.id);
  SegmentScan scan = scan_segment(reader);
  if (scan.stop != SegmentReader::Stop::end) throw reader.damage();
  add_starts(stream.starts, scan.starts);
  std::optional<LogIndex> index = load_index(folder, base);
  std::string bytes = scan.index.encode();
  if (!index || index->encode() != bytes) {
    iovec part{bytes.data(), bytes.size()};
    File::make(index_path(folder, base)).write(0, {&part, 1});
  }
  return {base, scan.index.end(), scan.index.size(), reader.header().begun};
}

// Writes [from, to) of the file anew: an earlier process's failed sync may have marked its pages
// clean although they are on no disk.
void write_anew(File& file, std::uint64_t from, std::uint64_t to) {
  while (from < to) {
    std::string bytes = file.read(from, std::min<std::uint64_t>(to - from, log_scan_block));
    iovec part{bytes.data(), bytes.size()};
    file.write(from, {&part, 1});
    from += bytes.size();
  }
}

void recover_last(const fs::path& folder, Offset base, RecoveredLog& log) {
  std::optional<SyncedNote> note = read_synced_note(folder);
  SegmentReader reader(folder, base, log.stream.id);
  SegmentScan scan = scan_segment(reader);
  std::uint64_t known = note && note->base == base ? note->position : log_segment_header_size;
  bool whole = scan.stop == SegmentReader::Stop::end && reader.position() >= known;
  if (!whole && !was_never_synced(reader, note)) throw reader.damage();
  log.active = File::open(reader.path());
  log.cut = log.active->size() - reader.position();
  if (log.cut > 0) log.active->truncate(reader.position());
  log.rewritten = reader.position() - known;
  write_anew(*log.active, known, reader.position());
  if (log.cut > 0 || log.rewritten > 0) log.active->sync();
  add_starts(log.stream.starts, scan.starts);
  log.index = scan.index;
  log.end = reader.offset();
  log.last_time = std::max(scan.last_time, reader.header().begun);
  log.stream.epoch = std::max({log.stream.epoch, scan.last_epoch, reader.header().epoch});
  log.segments.push_back({base, log.end, reader.position(), reader.header().begun});
}

void recover_segments(const fs::path& folder, const std::vector<Offset>& bases, RecoveredLog& log) {
  std::optional<SyncedNote> note = read_synced_note(folder);
  std::optional<Offset> told = last_told(folder, note);
  if (told && (bases.empty() || bases.back() < *told)) throw log_missing(folder, *told);
  if (!bases.empty()) {
    std::erase_if(log.stream.starts,
                  [&](const EpochStart& start) { return start.from >= bases.front(); });
  }
  for (Offset base : bases) {
    if (!log.segments.empty() && !follows(log.stream, log.segments.back().end, base)) {
      throw log_hole(folder, log.segments.back().end, base);
    }
    if (base == bases.back()) {
      recover_last(folder, base, log);
    } else {
      log.segments.push_back(check_segment(folder, base, log.stream));
    }
  }
  // A gap at the very end: what comes next goes into a segment of its own.
  if (!log.stream.gaps.empty() && log.stream.gaps.back().to > log.end) {
    log.end = log.stream.gaps.back().to;
    log.active.reset();
  }
}

void begin_epoch(RecoveredLog& log, UnixTime now) {
  constexpr UnixTime second = 1'000'000'000;
  log.stream.epoch = std::max(log.stream.epoch + 1, static_cast<Epoch>(now / second));
  std::vector<EpochStart>& starts = log.stream.starts;
  // Nothing was appended in those.
  while (!starts.empty() && starts.back().from >= log.end) starts.pop_back();
  starts.push_back({log.stream.epoch, log.end});
  if (starts.size() > log_most_starts) starts.erase(starts.begin());
}

}  // namespace

LogLock::LogLock(const fs::path& folder) {
  fs::path path = folder / "lock";
  fd_.reset(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
  if (!fd_) throw system_error("cannot open " + path.string());
  if (try_lock(fd_, path)) return;
  throw Error("another publisher writes to the log " + folder.string() +
              "; end it first, or name another folder");
}

std::optional<StreamFile> read_stream_file(const fs::path& folder) {
  fs::path path = folder / "stream";
  std::error_code missing;
  if (!fs::exists(path, missing)) return std::nullopt;
  File file = File::open_to_read(path);
  std::optional<StreamFile> stream = decode_stream_file(file.read(0, file.size()));
  if (!stream) throw log_damage(path, 0, "it does not tell what stream this is");
  return stream;
}

RecoveredLog recover_log(const fs::path& folder, UnixTime now) {
  remove_unfinished(folder);
  std::vector<Offset> bases = segments_in(folder);
  RecoveredLog log;
  std::optional<StreamFile> stream = read_stream_file(folder);
  if (!stream && !bases.empty()) throw log_damage(folder / "stream", 0, "it is missing");
  log.stream = stream.value_or(StreamFile{.id = Id::random()});
  recover_segments(folder, bases, log);
  std::erase_if(log.stream.gaps,
                [&](const OffsetRange& gap) { return !bases.empty() && gap.to <= bases.front(); });
  begin_epoch(log, now);
  replace_file(folder / "stream", encode_stream_file(log.stream));
  return log;
}

}  // namespace shoal::store
