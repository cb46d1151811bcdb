#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <condition_variable>
#include <csignal>
#include <deque>
#include <mutex>
#include <netdb.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <thread>

#include <shoal/base/error.hpp>
#include <shoal/base/fd.hpp>
#include <shoal/net/resolver.hpp>

namespace shoal::net {

struct Resolver::Shared {
  struct Question {
    std::uint64_t id;
    std::string host;
  };
  struct Answer {
    std::uint64_t id;
    Addresses addresses;
  };

  void work();

  Lookup lookup;
  Fd event;
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Question> questions;
  std::vector<Answer> answers;
  bool closed = false;
};

void Resolver::Shared::work() {
  std::unique_lock lock(mutex);
  while (true) {
    changed.wait(lock, [this] { return closed || !questions.empty(); });
    if (closed) return;
    Question question = std::move(questions.front());
    questions.pop_front();
    lock.unlock();
    Addresses addresses = lookup(question.host);
    lock.lock();
    answers.push_back({question.id, std::move(addresses)});
    eventfd_write(event.get(), 1);
  }
}

Resolver::Resolver(runtime::Reactor& reactor, Lookup lookup)
    : reactor_(reactor), shared_(std::make_shared<Shared>()) {
  shared_->lookup = std::move(lookup);
}

Resolver::~Resolver() {
  std::lock_guard lock(shared_->mutex);
  shared_->closed = true;
  shared_->changed.notify_all();
}

std::uint64_t Resolver::ask(const std::string& host, std::function<void(Addresses)> answer) {
  if (!started_) {
    shared_->event.reset(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    if (!shared_->event) throw system_error("cannot create an eventfd");
    watch_ = reactor_.watch(shared_->event.get(), EPOLLIN, [this](std::uint32_t) { collect(); });
    // Signals are the Reactor thread's; a thread inherits the mask it is started under.
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    std::thread([shared = shared_] { shared->work(); }).detach();
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    started_ = true;
  }
  std::uint64_t id = next_++;
  waiting_.emplace(id, std::move(answer));
  std::lock_guard lock(shared_->mutex);
  shared_->questions.push_back({id, host});
  shared_->changed.notify_all();
  return id;
}

void Resolver::forget(std::uint64_t question) {
  waiting_.erase(question);
}

void Resolver::collect() {
  eventfd_t count = 0;
  eventfd_read(shared_->event.get(), &count);
  std::vector<Shared::Answer> answers;
  {
    std::lock_guard lock(shared_->mutex);
    answers.swap(shared_->answers);
  }
  for (Shared::Answer& answer : answers) {
    auto found = waiting_.find(answer.id);
    if (found == waiting_.end()) continue;
    auto call = std::move(found->second);
    waiting_.erase(found);
    call(std::move(answer.addresses));
  }
}

Result<std::vector<std::string>> system_lookup(const std::string& host) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (int error = getaddrinfo(host.c_str(), nullptr, &hints, &found); error != 0) {
    return Failure{gai_strerror(error)};
  }
  std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found, freeaddrinfo);
  std::vector<std::string> addresses;
  for (addrinfo* at = found; at != nullptr; at = at->ai_next) {
    std::array<char, NI_MAXHOST> text{};
    if (getnameinfo(at->ai_addr, at->ai_addrlen, text.data(), text.size(), nullptr, 0,
                    NI_NUMERICHOST) != 0) {
      continue;
    }
    std::string address = text.data();
    bool known = std::find(addresses.begin(), addresses.end(), address) != addresses.end();
    if (!known) addresses.push_back(address);
  }
  if (addresses.empty()) return Failure{"it has no address"};
  return addresses;
}

bool is_address(const std::string& host) {
  in_addr v4{};
  in6_addr v6{};
  return inet_pton(AF_INET, host.c_str(), &v4) == 1 ||
         inet_pton(AF_INET6, host.substr(0, host.find('%')).c_str(), &v6) == 1;
}

}  // namespace shoal::net
