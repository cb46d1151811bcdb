#pragma once

#include <cstddef>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include <shoal/base/bytes.hpp>
#include <shoal/store/log_format.hpp>

namespace shoal::store {

/// What is appended to a log; the bytes are copied. fits_log says how much may be in it.
struct NewRecord {
  std::string_view topic{};
  std::string_view headers{};  ///< from encode_log_headers
  std::string_view payload{};
};

/// Consecutive records, as they stand in a log, in storage that they share. Each was found whole.
class RecordBlock {
 public:
  class Iterator {
   public:
    using difference_type = std::ptrdiff_t;
    using value_type = RecordView;
    Iterator() = default;
    explicit Iterator(std::string_view rest) : rest_(rest) { look(); }
    const RecordView& operator*() const { return record_; }
    const RecordView* operator->() const { return &record_; }
    Iterator& operator++() {
      rest_.remove_prefix(record_.size);
      look();
      return *this;
    }
    void operator++(int) { ++*this; }
    bool operator==(std::default_sentinel_t) const { return rest_.empty(); }

   private:
    void look() {
      if (!rest_.empty()) record_ = view_log_record(rest_);
    }
    std::string_view rest_;
    RecordView record_;
  };

  RecordBlock() = default;
  /// `bytes` hold the records from `first` up to, not including, `end`.
  RecordBlock(Bytes bytes, Offset first, Offset end)
      : bytes_(std::move(bytes)), first_(first), end_(end) {}

  Iterator begin() const { return Iterator(bytes_); }
  std::default_sentinel_t end() const { return {}; }

  Offset first_offset() const noexcept { return first_; }
  Offset end_offset() const noexcept { return end_; }
  std::size_t count() const noexcept { return static_cast<std::size_t>(end_ - first_); }
  bool empty() const noexcept { return first_ == end_; }

  /// All records as they stand in the log: what decode_log_record reads.
  const Bytes& bytes() const noexcept { return bytes_; }

  /// A part of a record, such as its payload, sharing the block's storage.
  Bytes slice(std::string_view part) const {
    if (part.empty()) return {};
    return bytes_.slice(static_cast<std::size_t>(part.data() - bytes_.data()), part.size());
  }

 private:
  Bytes bytes_;
  Offset first_ = 0;
  Offset end_ = 0;
};

/// Nothing to read before the end that was given.
struct AtEnd {};

/// What a reader meets next. An OffsetRange: those records are gone, taken by retention or by a
/// repair; the reader goes on behind them.
using ReadOutcome = std::variant<RecordBlock, OffsetRange, AtEnd>;

/// Somebody's place in a log. Follows a log that grows. One thread, the log's where it has one.
class RecordReader {
 public:
  virtual ~RecordReader() = default;

  /// The next read begins there.
  virtual void seek(Offset offset) = 0;

  /// Where the next read begins.
  virtual Offset position() const = 0;

  /// The records that follow, up to, not including, `end`: of about `most` bytes together, but at
  /// least one record where there is one. Moves on. Damage is an Error with ExitCode::bad_data.
  virtual ReadOutcome next(Offset end, std::size_t most) = 0;

  /// The first offset before `end` with a record of `time` or later; `end` when there is none.
  /// Times never decrease along a log. Does not move.
  virtual Offset find_time(UnixTime time, Offset end) = 0;
};

/// An append-only log: LogWriter keeps it on disk, MemoryLog in memory. One thread.
///
/// Records are appended, then written, then synced; a publisher announces up to written() or up to
/// synced(), as it was told to. Errors are final: after the first, every call that changes
/// something throws that same Error; nothing is ever retried.
class RecordLog {
 public:
  virtual ~RecordLog() = default;

  virtual const Id& id() const = 0;  ///< of the stream, for ever
  virtual Epoch epoch() const = 0;   ///< of this incarnation

  /// The epoch of the record right before `offset`, also when that is gone; at least a lower bound
  /// of it where a repair has left a gap. 0 where there is none, or it is not known any more.
  virtual Epoch epoch_before(Offset offset) const = 0;

  virtual Offset first() const = 0;    ///< the oldest record that is still there
  virtual Offset end() const = 0;      ///< the offset that the next record appended gets
  virtual Offset written() const = 0;  ///< all before survives this process
  virtual Offset synced() const = 0;   ///< all before survives a power cut

  /// Appends records with the time `now`, or that of the last record where that is later. Returns
  /// the offset of the first. Large groups are written on the way.
  virtual Offset append(std::span<const NewRecord> records, UnixTime now) = 0;

  /// After a full disk: where the log ends for whoever opens it next, at synced() or behind.
  /// Nothing where that is not known, or nothing failed.
  virtual std::optional<Offset> left_at() const { return std::nullopt; }

  /// Returns when all that was appended is written.
  virtual void write() = 0;

  /// Returns when all that was appended is on the disk; the group commit.
  virtual void sync() = 0;

  /// Removes what is more or older than was asked to keep, as far as that goes by whole segments.
  /// Returns first().
  virtual Offset retain(UnixTime now) = 0;

  /// A reader of this log at first(), which must not outlive it. Reads what is written.
  virtual std::unique_ptr<RecordReader> reader() = 0;
};

/// The offset of the last record of each topic before `end`. Reads the whole log with `reader` and
/// leaves it at `end`; a publisher does so once and keeps the map up as it appends.
std::map<std::string, Offset, std::less<>> last_by_topic(RecordReader& reader, Offset end);

}  // namespace shoal::store
