#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/stat.h>

#include <climits>

#include <shoal/base/assert.hpp>
#include <shoal/runtime/byte_sink.hpp>
#include <shoal/runtime/startup.hpp>

namespace shoal::runtime {
namespace {

// So much is written before others have their turn.
constexpr std::size_t round_bytes = 1UL << 20;

bool is_pollable(int fd) {
  struct stat info {};
  if (fstat(fd, &info) != 0) return false;
  return S_ISFIFO(info.st_mode) || S_ISSOCK(info.st_mode) || isatty(fd) == 1;
}

Fd reopen_nonblocking(int fd) {
  std::string path = "/proc/self/fd/" + std::to_string(fd);
  return Fd(open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
}

bool writable(int fd) {
  pollfd asked{fd, POLLOUT, 0};
  return poll(&asked, 1, 0) > 0;
}

}  // namespace

ByteSink::ByteSink(Reactor& reactor, int fd, std::string name, ByteSinkEvents events)
    : reactor_(reactor),
      name_(std::move(name)),
      events_(std::move(events)),
      fd_(fd),
      pollable_(is_pollable(fd)) {
  ignore_sigpipe();
  if (pollable_) {
    own_ = reopen_nonblocking(fd);
    careful_ = !own_;
    if (own_) fd_ = own_.get();
    watch_for(0);
  }
  working_ = reactor_.before_wait([this] { return work(); });
}

void ByteSink::write(Bytes bytes) {
  if (state_ != State::open || bytes.empty()) return;
  queue_.push(std::move(bytes));
  tell_drained_ = false;
}

void ByteSink::flush() {
  while (!queue_.empty() && !blocked_ && write_some()) {
  }
}

const Error& ByteSink::error() const {
  SHOAL_ASSERT(error_);
  return *error_;
}

bool ByteSink::work() {
  bool worked = false;
  std::size_t enough = pending_bytes() - std::min(pending_bytes(), round_bytes);
  while (pending_bytes() > enough && !blocked_ && write_some()) worked = true;
  if (std::exchange(tell_drained_, false)) {
    worked = true;  // those told may have written more
    if (events_.drained) events_.drained();
  }
  if (std::exchange(tell_stopped_, false)) {
    worked = true;
    if (events_.stopped) events_.stopped();
  }
  return worked;
}

// Whether there may be room for more.
bool ByteSink::write_some() {
  if (careful_ && !writable(fd_)) {
    watch_for(EPOLLOUT);
    return false;
  }
  ssize_t bytes = queue_.write_to(fd_, careful_ ? PIPE_BUF : round_bytes);
  if (bytes >= 0) {
    tell_drained_ = queue_.empty();
    return true;
  }
  if (errno == EINTR) return true;
  if (errno == EAGAIN && pollable_) {
    watch_for(EPOLLOUT);
  } else if (errno == EPIPE) {
    stop(State::closed);
  } else {
    error_ = system_error("cannot write " + name_);
    stop(State::failed);
  }
  return false;
}

// With no events asked for, epoll still tells when the reader goes: then a node that has nothing to
// write ends as well.
void ByteSink::watch_for(std::uint32_t events) {
  blocked_ = events != 0;
  watching_ = {};
  watching_ = reactor_.watch(fd_, events, [this](std::uint32_t got) {
    if ((got & (EPOLLERR | EPOLLHUP)) != 0) {
      stop(State::closed);
    } else if (blocked_) {
      watch_for(0);
    }
  });
}

void ByteSink::stop(State state) {
  if (state_ != State::open) return;
  state_ = state;
  watching_.reset();
  queue_.clear();
  blocked_ = false;
  tell_drained_ = false;
  tell_stopped_ = true;
}

}  // namespace shoal::runtime
