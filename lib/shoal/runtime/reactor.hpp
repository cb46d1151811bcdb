#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include <shoal/base/clock.hpp>
#include <shoal/base/fd.hpp>

namespace shoal::runtime {

/// Keeps one registration with a Reactor alive; letting go of it ends the registration. May be let
/// go inside any callback, its own included. Must not outlive the Reactor.
class [[nodiscard]] Registration {
 public:
  Registration() = default;
  explicit Registration(std::function<void()> cancel) : cancel_(std::move(cancel)) {}
  Registration(Registration&& other) noexcept : cancel_(std::exchange(other.cancel_, nullptr)) {}
  Registration& operator=(Registration&& other) noexcept;
  ~Registration() { reset(); }

  void reset();
  explicit operator bool() const noexcept { return cancel_ != nullptr; }

 private:
  std::function<void()> cancel_;
};

/// The one loop of a node: file descriptors (epoll), timers and signals (signalfd), all called back
/// on the thread that runs it. Not thread-safe; everything is used from that one thread.
///
/// A source whose descriptor alone does not tell whether there is work (a ZeroMQ socket's is
/// edge-triggered) adds a check, which is asked before every wait.
///
/// Callbacks may add and remove registrations freely. An exception from a callback leaves
/// run_until() and run_once().
class Reactor {
 public:
  Reactor();
  ~Reactor();
  Reactor(const Reactor&) = delete;
  Reactor& operator=(const Reactor&) = delete;

  /// Calls `ready` with the epoll events whenever `fd` has some of `events` (EPOLLIN, EPOLLOUT,
  /// ...; level-triggered). The descriptor stays the caller's and must outlive the registration.
  /// Throws Error for what epoll cannot watch (a regular file gives EPERM: it is always ready).
  Registration watch(int fd, std::uint32_t events, std::function<void(std::uint32_t)> ready);

  /// Asks `check` before every wait. It does what work there is without blocking and returns
  /// whether it did some: then the loop goes round again instead of sleeping, and looks at
  /// descriptors every few rounds.
  Registration before_wait(std::function<bool()> check);

  /// Calls `due` once at `when`, or at once when that has passed.
  Registration at(Time when, std::function<void()> due);

  /// Calls `due` every `period` (more than 0), the first time one period from now. Of the
  /// periods that a long round missed, one at most is made up for.
  Registration every(Duration period, std::function<void()> due);

  /// Calls `received` for each `signal` sent to the process. The signal is blocked for the thread
  /// until the registration ends. Register signals before other threads start (a zmq context).
  Registration on_signal(int signal, std::function<void()> received);

  /// Runs until `finished` returns true; it is asked after every round.
  void run_until(const std::function<bool()>& finished);

  /// Runs one round: waits at most `limit` for something to do, then does it.
  void run_once(Duration limit);

  /// The time at which this round began; read from the clock once a round.
  Time now() const noexcept { return now_; }

 private:
  struct Watch;
  struct Timer;
  struct SignalWatch;
  using TimerKey = std::pair<Time, std::uint64_t>;

  bool run_checks();
  void run_timers();
  int wait_ms(Duration limit) const;
  Registration add_timer(std::shared_ptr<Timer> timer, Time when);

  Fd epoll_;
  Time now_;
  std::uint64_t busy_rounds_ = 0;  // in a row, in which a check found work
  std::uint64_t next_id_ = 1;
  std::unordered_map<std::uint64_t, std::shared_ptr<Watch>> watches_;
  std::map<std::uint64_t, std::shared_ptr<std::function<bool()>>> checks_;
  std::map<TimerKey, std::shared_ptr<Timer>> timers_;
};

}  // namespace shoal::runtime
