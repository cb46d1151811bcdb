#include <algorithm>

#include <shoal/base/little_endian.hpp>
#include <shoal/store/log_scan.hpp>

namespace shoal::store {
namespace {

// Whether a record may begin with these bytes; what it says last is checked by its hash.
bool may_begin_record(std::string_view bytes, Offset least, std::uint64_t room) {
  std::uint32_t size = get_number<std::uint32_t>(bytes, 0);
  if (size < log_record_header_size || size > room || bytes[12] != char{log_record_format}) {
    return false;
  }
  Offset offset = get_number<Offset>(bytes, 24);
  return offset >= least && offset - least <= room;
}

std::optional<RecordView> record_at(File& file, std::uint64_t at, std::string& storage) {
  storage.resize(log_record_header_size);
  if (file.read_some(at, storage.data(), storage.size()) < storage.size()) return std::nullopt;
  DecodedRecord record = decode_log_record(storage);
  if (record.state == RecordState::damaged) return std::nullopt;
  storage.resize(record.record.size);
  storage.resize(file.read_some(at, storage.data(), storage.size()));
  record = decode_log_record(storage);
  if (record.state != RecordState::whole) return std::nullopt;
  return record.record;
}

}  // namespace

SegmentScan scan_segment(SegmentReader& reader) {
  SegmentScan scan{.index = LogIndex(reader.header().base)};
  while (true) {
    std::uint64_t position = reader.position();
    SegmentReader::Step step = reader.read(no_end, log_scan_block);
    for (const RecordView& record : step.block) {
      scan.index.note(record, position);
      position += record.size;
      if (scan.starts.empty() || record.epoch != scan.last_epoch) {
        scan.starts.push_back({record.epoch, record.offset});
      }
      scan.last_epoch = record.epoch;
      scan.last_time = record.time;
    }
    scan.stop = step.stop;
    if (step.stop != SegmentReader::Stop::more) return scan;
  }
}

std::optional<std::uint64_t> find_record(File& file, std::uint64_t from, Offset least,
                                         const std::function<bool(const RecordView&)>& wanted) {
  std::uint64_t size = file.size();
  std::string block;
  std::string storage;
  while (from < size && size - from >= log_record_header_size) {
    block.resize(std::min<std::uint64_t>(log_scan_block, size - from));
    block.resize(file.read_some(from, block.data(), block.size()));
    if (block.size() < log_record_header_size) return std::nullopt;
    std::size_t places = block.size() - log_record_header_size + 1;
    for (std::size_t i = 0; i < places; ++i) {
      std::string_view bytes = std::string_view(block).substr(i, log_record_header_size);
      if (!may_begin_record(bytes, least, size - from - i)) continue;
      std::optional<RecordView> record = record_at(file, from + i, storage);
      if (record && wanted(*record)) return from + i;
    }
    from += places;
  }
  return std::nullopt;
}

bool was_never_synced(SegmentReader& reader, const std::optional<SyncedNote>& note) {
  bool ours = note && note->base == reader.header().base;
  if (ours && reader.position() < note->position) return false;
  return !find_record(
      reader.file(), reader.position(), reader.offset() + 1,
      [](const RecordView& record) { return (record.flags & log_flag_synced_before) != 0; });
}

bool follows(const StreamFile& stream, Offset end, Offset base) {
  if (end == base) return true;
  return std::ranges::find(stream.gaps, OffsetRange{end, base}) != stream.gaps.end();
}

std::optional<Offset> last_told(const std::filesystem::path& folder,
                                const std::optional<SyncedNote>& note) {
  std::vector<Offset> indexed = indexes_in(folder);
  std::optional<Offset> last;
  if (note) last = note->base;
  if (!indexed.empty()) last = std::max(last.value_or(0), indexed.back());
  return last;
}

Error log_hole(const std::filesystem::path& folder, Offset end, Offset base) {
  return log_damage(segment_path(folder, base), 0,
                    "it begins with record " + std::to_string(base) +
                        ", but the segment before it ends before record " + std::to_string(end));
}

Error log_missing(const std::filesystem::path& folder, Offset base) {
  return log_damage(segment_path(folder, base), 0, "it is missing");
}

std::optional<SyncedNote> read_synced_note(const std::filesystem::path& folder) {
  std::filesystem::path path = folder / "synced";
  std::error_code missing;
  if (!std::filesystem::is_regular_file(path, missing)) return std::nullopt;
  std::string bytes(log_synced_size, '\0');
  File file = File::open_to_read(path);
  bytes.resize(file.read_some(0, bytes.data(), bytes.size()));
  return decode_synced_note(bytes);
}

}  // namespace shoal::store
