#include <algorithm>
#include <iterator>

#include <shoal/store/memory_log.hpp>

namespace shoal::store {
namespace {

// A block of its own holds so much, so that what is let go is never much at a time.
constexpr std::size_t most_in_block = 64 * 1024;

// What a block costs beside its bytes: its place, the count of its owners, the allocator's part.
constexpr std::uint64_t block_cost = sizeof(RecordBlock) + 96;

std::uint64_t cost_of(const RecordBlock& block) {
  return block.bytes().size() + block_cost;
}

// The part of `block` from `from` up to `end`, but no more than about `most` bytes.
RecordBlock part_of(const RecordBlock& block, Offset from, Offset end, std::size_t most) {
  std::size_t skip = 0;
  std::size_t size = 0;
  Offset last = from;
  for (const RecordView& record : block) {
    if (record.offset < from) {
      skip += record.size;
    } else if (record.offset < end && (size == 0 || size + record.size <= most)) {
      size += record.size;
      last = record.offset + 1;
    } else {
      break;
    }
  }
  return {block.bytes().slice(skip, size), from, last};
}

}  // namespace

class MemoryLog::Reader : public RecordReader {
 public:
  explicit Reader(const MemoryLog& log) : log_(log), position_(log.first()) {}

  void seek(Offset offset) override { position_ = offset; }
  Offset position() const override { return position_; }

  ReadOutcome next(Offset end, std::size_t most) override {
    end = std::min(end, log_.written_);
    if (position_ >= end) return AtEnd{};
    if (position_ < log_.first()) {
      OffsetRange gone{position_, log_.first()};
      position_ = gone.to;
      return gone;
    }
    auto behind = std::ranges::upper_bound(log_.blocks_, position_, {}, &RecordBlock::first_offset);
    const RecordBlock& block = *std::prev(behind);
    bool whole = position_ == block.first_offset() && block.end_offset() <= end &&
                 block.bytes().size() <= most;
    RecordBlock part = whole ? block : part_of(block, position_, end, most);
    position_ = part.end_offset();
    return part;
  }

  Offset find_time(UnixTime time, Offset end) override {
    auto first_time = [](const RecordBlock& block) { return block.begin()->time; };
    auto behind = std::ranges::lower_bound(log_.blocks_, time, {}, first_time);
    if (behind != log_.blocks_.begin()) --behind;
    for (; behind != log_.blocks_.end(); ++behind) {
      for (const RecordView& record : *behind) {
        if (record.time >= time) return std::min(record.offset, end);
      }
    }
    return end;
  }

 private:
  const MemoryLog& log_;
  Offset position_;
};

MemoryLog::MemoryLog(std::uint64_t most_bytes) : most_bytes_(most_bytes) {}

Offset MemoryLog::append(std::span<const NewRecord> records, UnixTime now) {
  Offset first = end_;
  last_time_ = std::max(last_time_, now);
  for (const NewRecord& record : records) {
    append_log_record(buffer_, {.offset = end_,
                                .epoch = epoch(),
                                .time = last_time_,
                                .flags = 0,
                                .topic = record.topic,
                                .headers = record.headers,
                                .payload = record.payload});
    end_ += 1;
    if (buffer_.size() >= most_in_block) write();
  }
  return first;
}

void MemoryLog::write() {
  if (buffer_.empty()) return;
  // A copy of just the size: the buffer keeps its room for the next group.
  blocks_.emplace_back(Bytes::copy(buffer_), written_, end_);
  buffer_.clear();
  bytes_ += cost_of(blocks_.back());
  written_ = end_;
  while (blocks_.size() > 1 && bytes_ > most_bytes_) {
    bytes_ -= cost_of(blocks_.front());
    blocks_.pop_front();
  }
}

std::unique_ptr<RecordReader> MemoryLog::reader() {
  return std::make_unique<Reader>(*this);
}

}  // namespace shoal::store
