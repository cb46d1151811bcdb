#pragma once

#include <cstdint>
#include <deque>
#include <string>

#include <shoal/store/record_log.hpp>

namespace shoal::store {

/// A log in memory, for a publisher that keeps none on disk: the newest records, up to a number of
/// bytes. It ends with this object, so its stream has an id of its own and one epoch. What is
/// written here counts as synced. A reader may outrun it: it is told of what is gone.
class MemoryLog : public RecordLog {
 public:
  /// Keeps about `most_bytes`, but always the newest group.
  explicit MemoryLog(std::uint64_t most_bytes);

  /// Bytes held, with what keeping them costs.
  std::uint64_t bytes() const noexcept { return bytes_ + buffer_.size(); }

  const Id& id() const override { return id_; }
  Epoch epoch() const override { return 1; }
  Epoch epoch_before(Offset offset) const override { return offset == 0 ? 0 : epoch(); }
  Offset first() const override {
    return blocks_.empty() ? written_ : blocks_.front().first_offset();
  }
  Offset end() const override { return end_; }
  Offset written() const override { return written_; }
  Offset synced() const override { return written_; }

  Offset append(std::span<const NewRecord> records, UnixTime now) override;
  void write() override;
  void sync() override { write(); }
  Offset retain(UnixTime) override { return first(); }
  std::unique_ptr<RecordReader> reader() override;

 private:
  class Reader;

  Id id_ = Id::random();
  std::uint64_t most_bytes_;
  std::deque<RecordBlock> blocks_;
  std::string buffer_;  // appended and not written
  std::uint64_t bytes_ = 0;
  Offset written_ = 0;
  Offset end_ = 0;
  UnixTime last_time_ = 0;
};

}  // namespace shoal::store
