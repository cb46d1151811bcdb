#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include <shoal/base/clock.hpp>
#include <shoal/store/log_recovery.hpp>
#include <shoal/store/record_log.hpp>

namespace shoal::store {

struct LogWriterOptions {
  std::filesystem::path folder;              ///< made if it is missing
  std::uint64_t segment_size = 64 << 20;     ///< bytes after which a new segment is begun
  std::optional<std::uint64_t> retain_size;  ///< bytes to keep; all without
  std::optional<Duration> retain_age;        ///< how old records may get; any age without

  /// The time of this start. Epochs follow the clock, so that none comes twice, also when the log
  /// is set back to an old copy of it.
  UnixTime now = 0;
};

/// A log on disk, and the only one who writes to it; FORMAT.md tells what is in the folder. Appends
/// go to memory, write() is one system call for a group, and sync() one more. What is neither
/// written nor synced when this object goes is lost.
class LogWriter : public RecordLog {
 public:
  /// Takes the lock, makes the log ready (recover_log), and begins a new epoch, which is on the
  /// disk on return. Throws Error: another process has the lock (error), or damage (bad_data).
  explicit LogWriter(LogWriterOptions options);

  /// Bytes of unfinished records that were cut off the end when the log was opened.
  std::uint64_t cut() const noexcept { return cut_; }

  /// Bytes in all segments, with what is not written yet.
  std::uint64_t bytes() const noexcept { return bytes_; }

  const Id& id() const override { return stream_.id; }
  Epoch epoch() const override { return stream_.epoch; }
  Epoch epoch_before(Offset offset) const override;
  Offset first() const override { return segments_.empty() ? end_ : segments_.front().base; }
  Offset end() const override { return end_; }
  Offset written() const override { return written_; }
  Offset synced() const override { return synced_; }

  std::optional<Offset> left_at() const override { return left_at_; }

  Offset append(std::span<const NewRecord> records, UnixTime now) override;
  void write() override;
  void sync() override;
  Offset retain(UnixTime now) override;
  std::unique_ptr<RecordReader> reader() override;

 private:
  struct Segment {
    Offset base = 0;
    std::uint64_t size = 0;
    UnixTime begun = 0;
  };

  template <typename Action>
  void guarded(Action action);
  void append_one(const NewRecord& record);
  void roll();
  void flush();
  void sync_active();
  void remove_oldest();
  void cut_to_written();

  LogWriterOptions options_;
  LogLock lock_;
  StreamFile stream_;
  std::deque<Segment> segments_;     // the last is the active one
  std::optional<File> active_;       // nothing when the next record begins a segment
  std::shared_ptr<LogIndex> index_;  // of the active segment; readers look at it
  File note_;
  std::string buffer_;  // appended and not written
  Offset end_ = 0;
  Offset written_ = 0;
  Offset synced_ = 0;
  UnixTime last_time_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint64_t cut_ = 0;
  std::optional<Error> failure_;
  bool sync_failed_ = false;
  std::optional<Offset> left_at_;
};

}  // namespace shoal::store
