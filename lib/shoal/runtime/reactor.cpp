#include <algorithm>
#include <array>
#include <csignal>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>

#include <shoal/base/assert.hpp>
#include <shoal/base/error.hpp>
#include <shoal/runtime/reactor.hpp>

namespace shoal::runtime {
namespace {

// A look at the descriptors is a system call, of which a short message needs few.
constexpr std::uint64_t rounds_a_look = 4;

}  // namespace

struct Reactor::Watch {
  std::function<void(std::uint32_t)> ready;
};

struct Reactor::Timer {
  std::function<void()> due;
  Duration period{0};
  TimerKey key{};
  bool cancelled = false;
};

struct Reactor::SignalWatch {
  explicit SignalWatch(int signal) {
    sigemptyset(&mask);
    sigaddset(&mask, signal);
    pthread_sigmask(SIG_BLOCK, &mask, nullptr);
    fd.reset(signalfd(-1, &mask, SFD_NONBLOCK | SFD_CLOEXEC));
    if (!fd) throw system_error("cannot watch signals");
  }
  ~SignalWatch() { pthread_sigmask(SIG_UNBLOCK, &mask, nullptr); }

  sigset_t mask{};
  Fd fd;
};

Registration& Registration::operator=(Registration&& other) noexcept {
  if (this != &other) {
    reset();
    cancel_ = std::exchange(other.cancel_, nullptr);
  }
  return *this;
}

void Registration::reset() {
  if (auto cancel = std::exchange(cancel_, nullptr)) cancel();
}

Reactor::Reactor() : epoll_(epoll_create1(EPOLL_CLOEXEC)), now_(std::chrono::steady_clock::now()) {
  if (!epoll_) throw system_error("cannot create an epoll instance");
}

Reactor::~Reactor() = default;

Registration Reactor::watch(int fd, std::uint32_t events,
                            std::function<void(std::uint32_t)> ready) {
  std::uint64_t id = next_id_++;
  epoll_event event{};
  event.events = events;
  event.data.u64 = id;
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
    throw system_error("cannot watch a file descriptor");
  }
  watches_.emplace(id, std::make_shared<Watch>(Watch{std::move(ready)}));
  return Registration([this, id, fd] {
    epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
    watches_.erase(id);
  });
}

Registration Reactor::before_wait(std::function<bool()> check) {
  std::uint64_t id = next_id_++;
  checks_.emplace(id, std::make_shared<std::function<bool()>>(std::move(check)));
  return Registration([this, id] { checks_.erase(id); });
}

Registration Reactor::add_timer(std::shared_ptr<Timer> timer, Time when) {
  timer->key = {when, next_id_++};
  timers_.emplace(timer->key, timer);
  return Registration([this, timer] {
    timer->cancelled = true;
    timers_.erase(timer->key);
  });
}

Registration Reactor::at(Time when, std::function<void()> due) {
  return add_timer(std::make_shared<Timer>(Timer{.due = std::move(due)}), when);
}

Registration Reactor::every(Duration period, std::function<void()> due) {
  SHOAL_ASSERT(period > Duration(0));
  auto timer = std::make_shared<Timer>(Timer{.due = std::move(due), .period = period});
  return add_timer(std::move(timer), now_ + period);
}

Registration Reactor::on_signal(int signal, std::function<void()> received) {
  auto source = std::make_shared<SignalWatch>(signal);
  int fd = source->fd.get();
  auto watching = std::make_shared<Registration>(
      watch(fd, EPOLLIN, [fd, received = std::move(received)](std::uint32_t) {
        signalfd_siginfo info;
        while (read(fd, &info, sizeof info) == static_cast<ssize_t>(sizeof info)) received();
      }));
  return Registration([source, watching] { watching->reset(); });
}

void Reactor::run_until(const std::function<bool()>& finished) {
  while (!finished()) run_once(std::chrono::hours(1));
}

void Reactor::run_once(Duration limit) {
  std::array<epoll_event, 64> events;
  bool worked = run_checks();
  busy_rounds_ = worked ? busy_rounds_ + 1 : 0;
  if (worked) limit = Duration(0);
  int count = 0;
  // Checks that found work are asked again; what else there is has its turn every few rounds.
  if (busy_rounds_ % rounds_a_look == 0) {
    count =
        epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), wait_ms(limit));
  }
  if (count < 0 && errno != EINTR) throw system_error("cannot wait for events");
  now_ = std::chrono::steady_clock::now();
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    auto found = watches_.find(event.data.u64);
    if (found == watches_.end()) continue;
    std::shared_ptr<Watch> alive = found->second;
    alive->ready(event.events);
  }
  run_timers();
}

bool Reactor::run_checks() {
  bool worked = false;
  for (auto at = checks_.begin(); at != checks_.end();) {
    std::uint64_t id = at->first;
    std::shared_ptr<std::function<bool()>> alive = at->second;
    worked = (*alive)() || worked;
    at = checks_.upper_bound(id);
  }
  return worked;
}

void Reactor::run_timers() {
  while (!timers_.empty() && timers_.begin()->first.first <= now_) {
    std::shared_ptr<Timer> timer = timers_.begin()->second;
    timers_.erase(timers_.begin());
    timer->due();
    if (timer->period == Duration(0) || timer->cancelled) continue;
    timer->key = {std::max(timer->key.first + timer->period, now_), next_id_++};
    timers_.emplace(timer->key, timer);
  }
}

int Reactor::wait_ms(Duration limit) const {
  if (!timers_.empty()) {
    limit = std::min(limit, timers_.begin()->first.first - std::chrono::steady_clock::now());
  }
  if (limit <= Duration(0)) return 0;
  return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(limit).count());
}

}  // namespace shoal::runtime
