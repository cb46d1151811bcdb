#pragma once

#include <functional>
#include <mutex>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <utility>
#include <vector>

#include <shoal/base/error.hpp>
#include <shoal/base/fd.hpp>
#include <shoal/runtime/reactor.hpp>

namespace shoal::runtime {

/// One-way queue from other threads to a Reactor's: the one thing they share.
template <typename Letter>
class Mailbox {
 public:
  /// `take` gets each letter on the Reactor's thread, in the order put. Throws Error: no
  /// descriptor left.
  Mailbox(Reactor& reactor, std::function<void(Letter)> take)
      : take_(std::move(take)), bell_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (!bell_) throw system_error("cannot make an eventfd");
    watching_ = reactor.watch(bell_.get(), EPOLLIN, [this](std::uint32_t) { deliver(); });
  }
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;

  /// Any thread. Returns how many letters wait now.
  std::size_t put(Letter letter) {
    std::size_t waiting = 0;
    {
      std::scoped_lock lock(mutex_);
      letters_.push_back(std::move(letter));
      waiting = letters_.size();
    }
    if (waiting == 1) eventfd_write(bell_.get(), 1);
    return waiting;
  }

  /// Hands over what waits, now. Reactor's thread only.
  void deliver() {
    eventfd_t rung = 0;
    eventfd_read(bell_.get(), &rung);
    std::vector<Letter> letters;
    {
      std::scoped_lock lock(mutex_);
      letters.swap(letters_);
    }
    for (Letter& letter : letters) take_(std::move(letter));
  }

 private:
  std::function<void(Letter)> take_;
  Fd bell_;
  std::mutex mutex_;
  std::vector<Letter> letters_;
  Registration watching_;
};

}  // namespace shoal::runtime
