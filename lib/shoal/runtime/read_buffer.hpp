#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

#include <shoal/base/bytes.hpp>

namespace shoal::runtime {

/// Bytes on their way from a descriptor into Bytes: read into room(), cut off the front by take().
/// What is taken shares the block it was read into, so nothing is copied but the piece that is
/// still pending when a block is used up.
class ReadBuffer {
 public:
  explicit ReadBuffer(std::size_t block_bytes) : block_bytes_(block_bytes) {}

  /// Where to read to: at most `wanted` (at least 1) bytes, right behind what is pending.
  std::span<char> room(std::size_t wanted);

  /// The first `bytes` of the last room() hold data now.
  void filled(std::size_t bytes);

  /// What has been read and not been taken yet.
  std::string_view pending() const noexcept {
    return std::string_view(block_.get() + begin_, end_ - begin_);
  }

  /// Takes the first `bytes` of what is pending.
  Bytes take(std::size_t bytes);

 private:
  void renew(std::size_t wanted);

  std::size_t block_bytes_;
  std::shared_ptr<char[]> block_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace shoal::runtime
