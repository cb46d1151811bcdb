#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>

#include <shoal/base/error.hpp>
#include <shoal/runtime/pipe.hpp>

namespace shoal::runtime {

int Pipe::open() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return errno;
  out.reset(ends[0]);
  in.reset(ends[1]);
  return 0;
}

void set_nonblocking(int fd) {
  fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

void enlarge_pipe(int fd) {
  constexpr int wanted = 1 << 20;
  fcntl(fd, F_SETPIPE_SZ, wanted);
}

std::size_t bytes_in_pipe(int fd) {
  int bytes = 0;
  if (ioctl(fd, FIONREAD, &bytes) != 0 || bytes < 0) return 0;
  return static_cast<std::size_t>(bytes);
}

int null_device() {
  static const Fd device = [] {
    Fd fd(::open("/dev/null", O_RDWR | O_CLOEXEC));
    if (!fd) throw system_error("cannot open /dev/null");
    return fd;
  }();
  return device.get();
}

PipeDrain::PipeDrain(Fd pipe, std::function<void(std::string_view)> take)
    : pipe_(std::move(pipe)), take_(std::move(take)) {}

void PipeDrain::watch(Reactor& reactor) {
  if (!pipe_ || watching_) return;
  watching_ = reactor.watch(pipe_.get(), EPOLLIN, [this](std::uint32_t) { read_some(SIZE_MAX); });
}

// We are the only reader, so a read of a pipe that is readable never waits, blocking or not.
std::size_t PipeDrain::read_some(std::size_t most) {
  std::array<char, 65536> piece;
  ssize_t got = read(pipe_.get(), piece.data(), std::min(most, piece.size()));
  if (got <= 0) {
    if (got == 0 || errno != EINTR) close();
    return 0;
  }
  auto bytes = static_cast<std::size_t>(got);
  take_(std::string_view(piece.data(), bytes));
  return bytes;
}

void PipeDrain::finish() {
  std::size_t left = pipe_ ? bytes_in_pipe(pipe_.get()) : 0;
  while (left > 0 && pipe_) left -= read_some(left);
  close();
}

void PipeDrain::close() {
  watching_.reset();
  pipe_.reset();
}

void Tail::add(std::string_view text) {
  if (text.size() > most_) text.remove_prefix(text.size() - most_);
  if (text_.size() + text.size() > 2 * most_) {
    text_.erase(0, text_.size() + text.size() - most_);
  }
  text_.append(text);
}

std::string Tail::take() {
  if (text_.size() > most_) text_.erase(0, text_.size() - most_);
  return std::exchange(text_, {});
}

}  // namespace shoal::runtime
