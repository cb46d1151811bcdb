#pragma once

#include <cstddef>
#include <deque>
#include <sys/types.h>

#include <shoal/base/bytes.hpp>

namespace shoal::runtime {

/// Bytes that wait to be written to a descriptor, in order.
class ByteQueue {
 public:
  void push(Bytes bytes);
  void clear();

  bool empty() const noexcept { return pieces_.empty(); }
  std::size_t bytes() const noexcept { return bytes_; }

  /// Writes at most `most` bytes with one system call and lets go of what was written: how many
  /// bytes, or -1 with errno.
  ssize_t write_to(int fd, std::size_t most);

 private:
  void drop(std::size_t bytes);

  std::deque<Bytes> pieces_;  // none empty
  std::size_t bytes_ = 0;
};

}  // namespace shoal::runtime
