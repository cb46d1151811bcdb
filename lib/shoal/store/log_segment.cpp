#include <algorithm>
#include <charconv>
#include <memory>

#include <shoal/store/log_segment.hpp>

namespace shoal::store {
namespace {

constexpr std::size_t digits = 20;

std::filesystem::path named(const std::filesystem::path& folder, Offset base, const char* suffix) {
  std::string number = std::to_string(base);
  return folder / (std::string(digits - number.size(), '0') + number + suffix);
}

std::optional<Offset> base_of(const std::string& name, std::string_view suffix) {
  if (name.size() != digits + suffix.size() || !name.ends_with(suffix)) return std::nullopt;
  Offset base = 0;
  auto [end, error] = std::from_chars(name.data(), name.data() + digits, base);
  if (error != std::errc() || end != name.data() + digits) return std::nullopt;
  return base;
}

std::vector<Offset> bases_in(const std::filesystem::path& folder, std::string_view suffix) {
  std::error_code failed;
  std::filesystem::directory_iterator at(folder, failed);
  if (failed) throw system_error("cannot read " + folder.string(), failed.value());
  std::vector<Offset> bases;
  for (; at != std::filesystem::directory_iterator(); at.increment(failed)) {
    if (failed) throw system_error("cannot read " + folder.string(), failed.value());
    if (auto base = base_of(at->path().filename().string(), suffix)) bases.push_back(*base);
  }
  std::ranges::sort(bases);
  return bases;
}

}  // namespace

std::filesystem::path segment_path(const std::filesystem::path& folder, Offset base) {
  return named(folder, base, ".log");
}

std::filesystem::path index_path(const std::filesystem::path& folder, Offset base) {
  return named(folder, base, ".index");
}

std::vector<Offset> segments_in(const std::filesystem::path& folder) {
  return bases_in(folder, ".log");
}

std::vector<Offset> indexes_in(const std::filesystem::path& folder) {
  return bases_in(folder, ".index");
}

Error log_damage(const std::filesystem::path& file, std::uint64_t position,
                 const std::string& what) {
  return Error(file.string() + " is damaged at byte " + std::to_string(position) + ": " + what +
                   "; put a good copy back, or save what can be saved with: shoal log " +
                   file.parent_path().string() + " --repair",
               ExitCode::bad_data);
}

std::optional<LogIndex> load_index(const std::filesystem::path& folder, Offset base) {
  std::filesystem::path path = index_path(folder, base);
  std::error_code missing;
  if (!std::filesystem::is_regular_file(path, missing)) return std::nullopt;
  File file = File::open_to_read(path);
  std::string bytes(file.size(), '\0');
  bytes.resize(file.read_some(0, bytes.data(), bytes.size()));
  return LogIndex::decode(bytes, base);
}

SegmentReader::SegmentReader(const std::filesystem::path& folder, Offset base, const Id& stream)
    : SegmentReader(segment_path(folder, base)) {
  std::string bytes(log_segment_header_size, '\0');
  bytes.resize(file_.read_some(0, bytes.data(), bytes.size()));
  std::optional<SegmentHeader> header = decode_segment_header(bytes);
  if (!header) throw log_damage(path_, 0, "no header of a segment");
  if (header->stream != stream) throw log_damage(path_, 0, "a segment of another stream");
  if (header->base != base) throw log_damage(path_, 0, "not the segment of that name");
  header_ = *header;
  go_to(base, log_segment_header_size);
}

SegmentReader SegmentReader::of_damaged(const std::filesystem::path& folder, Offset base) {
  SegmentReader reader(segment_path(folder, base));
  reader.header_.base = base;
  return reader;
}

void SegmentReader::go_to(Offset offset, std::uint64_t position) {
  offset_ = offset;
  position_ = position;
  epoch_ = 0;
  time_ = 0;
}

bool SegmentReader::follows(const RecordView& record) const {
  return record.offset == offset_ && record.epoch >= epoch_ && record.time >= time_;
}

SegmentReader::Step SegmentReader::read(Offset end, std::size_t most) {
  std::size_t room = std::max(most, log_record_header_size);
  while (true) {
    auto storage = std::make_shared_for_overwrite<char[]>(room);
    std::string_view bytes(storage.get(), file_.read_some(position_, storage.get(), room));
    Offset first = offset_;
    std::size_t used = 0;
    DecodedRecord next{.state = RecordState::whole};
    while (offset_ < end && used < bytes.size()) {
      next = decode_log_record(bytes.substr(used));
      if (next.state != RecordState::whole || !follows(next.record)) break;
      used += next.record.size;
      offset_ += 1;
      epoch_ = next.record.epoch;
      time_ = next.record.time;
    }
    bool file_ends = bytes.size() < room;
    position_ += used;
    Step step{
        .block = {used == 0 ? Bytes() : Bytes(storage, bytes.substr(0, used)), first, offset_}};
    if (offset_ == end) return step;
    if (used == bytes.size()) {
      if (file_ends) step.stop = Stop::end;
      return step;
    }
    if (next.state == RecordState::cut) {
      bool too_small = used == 0 && !file_ends;
      // No more memory than the file can fill.
      if (too_small && position_ + next.record.size <= file_.size()) {
        room = next.record.size;
        continue;
      }
      if (file_ends || too_small) step.stop = Stop::cut;
      return step;
    }
    step.stop = Stop::damaged;
    return step;
  }
}

Error SegmentReader::damage() const {
  return log_damage(path_, position_, "no valid record " + std::to_string(offset_));
}

}  // namespace shoal::store
