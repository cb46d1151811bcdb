#include <algorithm>
#include <iterator>
#include <utility>

#include <shoal/store/log_reader.hpp>
#include <shoal/store/log_segment.hpp>
#include <shoal/store/log_writer.hpp>

namespace shoal::store {
namespace {

namespace fs = std::filesystem;

// A group larger than this is written on the way: it holds no more memory, and the disk begins.
constexpr std::size_t most_buffered = 1 << 20;

const fs::path& made(const fs::path& folder) {
  std::error_code failed;
  bool fresh = fs::create_directories(folder, failed);
  if (failed) throw system_error("cannot make " + folder.string(), failed.value());
  if (fresh) sync_directory_of(folder);
  return folder;
}

void write_at(File& file, std::uint64_t position, std::string_view bytes) {
  // pwritev only reads what iov_base points to.
  iovec part{const_cast<char*>(bytes.data()), bytes.size()};
  file.write(position, {&part, 1});
}

}  // namespace

LogWriter::LogWriter(LogWriterOptions options)
    : options_(std::move(options)),
      lock_(made(options_.folder)),
      index_(std::make_shared<LogIndex>(0)),
      note_(File::open(options_.folder / "synced")) {
  RecoveredLog log = recover_log(options_.folder, options_.now);
  stream_ = std::move(log.stream);
  for (const SegmentFacts& facts : log.segments) {
    segments_.push_back({facts.base, facts.size, facts.begun});
    bytes_ += facts.size;
  }
  active_ = std::move(log.active);
  *index_ = std::move(log.index);
  end_ = written_ = synced_ = log.end;
  last_time_ = log.last_time;
  cut_ = log.cut;
}

Epoch LogWriter::epoch_before(Offset offset) const {
  auto behind = std::ranges::lower_bound(stream_.starts, offset, {}, &EpochStart::from);
  return behind == stream_.starts.begin() ? 0 : std::prev(behind)->epoch;
}

// Whatever fails in `action` ends the use of this object.
template <typename Action>
void LogWriter::guarded(Action action) {
  if (failure_) throw *failure_;
  try {
    action();
  } catch (const Error& error) {
    failure_ = error;
    if (error.code() == ExitCode::incomplete) cut_to_written();
    throw;
  }
}

// What a full disk took of a group is no part of it: whoever tries again appends all of it.
void LogWriter::cut_to_written() {
  // Then nobody knows what is on the disk.
  if (sync_failed_) return;
  std::error_code failed;
  if (active_) {
    fs::path path = segment_path(options_.folder, index_->base());
    fs::resize_file(path, index_->size() - buffer_.size(), failed);
  }
  if (!failed) left_at_ = written_;
}

Offset LogWriter::append(std::span<const NewRecord> records, UnixTime now) {
  Offset first = end_;
  guarded([&] {
    last_time_ = std::max(last_time_, now);
    for (const NewRecord& record : records) append_one(record);
  });
  return first;
}

void LogWriter::append_one(const NewRecord& record) {
  std::size_t size =
      log_record_header_size + record.topic.size() + record.headers.size() + record.payload.size();
  bool full = active_ && index_->size() > log_segment_header_size &&
              index_->size() + size > options_.segment_size;
  if (!active_ || full) roll();
  RecordView view{.offset = end_,
                  .epoch = stream_.epoch,
                  .time = last_time_,
                  .flags = synced_ == end_ ? log_flag_synced_before : std::uint8_t{0},
                  .topic = record.topic,
                  .headers = record.headers,
                  .payload = record.payload,
                  .size = size};
  append_log_record(buffer_, view);
  index_->note(view, index_->size());
  segments_.back().size += size;
  bytes_ += size;
  end_ += 1;
  if (buffer_.size() >= most_buffered) flush();
}

// Ends the active segment, all of it on the disk, and begins the next one.
void LogWriter::roll() {
  if (active_) {
    sync_active();
    write_at(*std::make_unique<File>(File::make(index_path(options_.folder, index_->base()))), 0,
             index_->encode());
  }
  fs::path path = segment_path(options_.folder, end_);
  replace_file(
      path, encode_segment_header(
                {.stream = stream_.id, .epoch = stream_.epoch, .base = end_, .begun = last_time_}));
  active_ = File::open(path);
  index_ = std::make_shared<LogIndex>(end_);
  segments_.push_back({end_, log_segment_header_size, last_time_});
  bytes_ += log_segment_header_size;
}

void LogWriter::flush() {
  if (buffer_.empty()) return;
  std::uint64_t position = index_->size() - buffer_.size();
  write_at(*active_, position, buffer_);
  active_->begin_sync(position, buffer_.size());
  buffer_.clear();
  written_ = end_;
}

void LogWriter::sync_active() {
  flush();
  if (synced_ == end_) return;
  sync_failed_ = true;
  active_->sync();
  sync_failed_ = false;
  synced_ = end_;
  write_at(note_, 0,
           encode_synced_note({.base = index_->base(), .position = index_->size(), .next = end_}));
}

void LogWriter::write() {
  guarded([&] { flush(); });
}

void LogWriter::sync() {
  guarded([&] { sync_active(); });
}

Offset LogWriter::retain(UnixTime now) {
  guarded([&] {
    while (segments_.size() > 1) {
      bool large = options_.retain_size && bytes_ > *options_.retain_size;
      // No record is younger than the first of the next segment.
      bool old = options_.retain_age &&
                 segments_[1].begun + static_cast<UnixTime>(options_.retain_age->count()) <= now;
      if (!large && !old) break;
      remove_oldest();
    }
  });
  return first();
}

void LogWriter::remove_oldest() {
  Segment oldest = segments_.front();
  std::error_code failed;
  fs::remove(index_path(options_.folder, oldest.base), failed);
  fs::path path = segment_path(options_.folder, oldest.base);
  if (!failed) fs::remove(path, failed);
  if (failed) throw system_error("cannot remove " + path.string(), failed.value());
  // One after another, so that a power cut cannot leave a hole.
  sync_directory_of(options_.folder / "stream");
  segments_.pop_front();
  bytes_ -= oldest.size;
}

std::unique_ptr<RecordReader> LogWriter::reader() {
  return std::make_unique<LogReader>(LogReaderOptions{
      .folder = options_.folder, .stream = stream_.id, .first = first(), .active_index = [this] {
        return std::shared_ptr<const LogIndex>(index_);
      }});
}

}  // namespace shoal::store
