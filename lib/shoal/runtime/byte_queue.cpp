#include <algorithm>
#include <array>
#include <sys/uio.h>

#include <shoal/runtime/byte_queue.hpp>

namespace shoal::runtime {

void ByteQueue::push(Bytes bytes) {
  if (bytes.empty()) return;
  bytes_ += bytes.size();
  pieces_.push_back(std::move(bytes));
}

void ByteQueue::clear() {
  pieces_.clear();
  bytes_ = 0;
}

ssize_t ByteQueue::write_to(int fd, std::size_t most) {
  std::array<iovec, 256> gathered;
  std::size_t count = 0;
  for (; count < std::min(gathered.size(), pieces_.size()) && most > 0; ++count) {
    const Bytes& piece = pieces_[count];
    gathered[count] = {const_cast<char*>(piece.data()), std::min(most, piece.size())};
    most -= gathered[count].iov_len;
  }
  ssize_t written = writev(fd, gathered.data(), static_cast<int>(count));
  if (written > 0) drop(static_cast<std::size_t>(written));
  return written;
}

void ByteQueue::drop(std::size_t bytes) {
  bytes_ -= bytes;
  while (bytes > 0) {
    Bytes& first = pieces_.front();
    if (bytes < first.size()) {
      first = first.slice(bytes, first.size() - bytes);
      return;
    }
    bytes -= first.size();
    pieces_.pop_front();
  }
}

}  // namespace shoal::runtime
