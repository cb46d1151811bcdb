#include <algorithm>
#include <cstring>

#include <shoal/base/assert.hpp>
#include <shoal/runtime/read_buffer.hpp>

namespace shoal::runtime {

std::span<char> ReadBuffer::room(std::size_t wanted) {
  SHOAL_ASSERT(wanted > 0);
  // Small reads go on in the same block, so that a trickle does not use up a block for each.
  std::size_t enough = std::clamp<std::size_t>(block_bytes_ / 4, 1, wanted);
  if (capacity_ - end_ < enough) renew(wanted);
  return std::span<char>(block_.get() + end_, std::min(wanted, capacity_ - end_));
}

void ReadBuffer::filled(std::size_t bytes) {
  SHOAL_ASSERT(bytes <= capacity_ - end_);
  end_ += bytes;
}

Bytes ReadBuffer::take(std::size_t bytes) {
  SHOAL_ASSERT(bytes <= end_ - begin_);
  if (bytes == 0) return {};
  Bytes taken(block_, std::string_view(block_.get() + begin_, bytes));
  begin_ += bytes;
  return taken;
}

// The old block is left to those who took parts of it. Doubling keeps copying in proportion.
void ReadBuffer::renew(std::size_t wanted) {
  std::string_view kept = pending();
  std::size_t capacity = std::max({block_bytes_, 2 * kept.size(), kept.size() + wanted});
  std::shared_ptr<char[]> fresh = std::make_shared_for_overwrite<char[]>(capacity);
  if (!kept.empty()) std::memcpy(fresh.get(), kept.data(), kept.size());
  end_ = kept.size();
  begin_ = 0;
  capacity_ = capacity;
  block_ = std::move(fresh);
}

}  // namespace shoal::runtime
