#include "support/tcp_proxy.hpp"

#include <algorithm>
#include <chrono>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <vector>

#include <shoal/base/error.hpp>

namespace shoal::test {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int tick_ms = 2;
constexpr std::size_t block = 64UL << 10;

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

void reset_connection(const Fd& fd) {
  linger now{.l_onoff = 1, .l_linger = 0};
  setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

}  // namespace

/// Two connections and, for each direction, what was read but not yet written.
struct TcpProxy::Pipe {
  struct Way {
    std::string held;
    double allowance = 0;  // bytes that the rate lets through now
    Clock::time_point since = Clock::now();
  };

  Fd ends[2];
  Way ways[2];
  bool broken = false;
};

namespace {

/// A socket at 127.0.0.1 that does not listen yet; `port` 0 takes a free one and is set to it.
Fd bind_to_loopback(std::uint16_t& port) {
  Fd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  int on = 1;
  setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address = loopback(port);
  socklen_t length = sizeof address;
  if (bind(fd.get(), reinterpret_cast<sockaddr*>(&address), length) != 0 ||
      getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &length) != 0) {
    throw system_error("cannot bind");
  }
  port = ntohs(address.sin_port);
  return fd;
}

}  // namespace

Fd listen_on_loopback(std::uint16_t& port) {
  Fd fd = bind_to_loopback(port);
  if (listen(fd.get(), 64) != 0) throw system_error("cannot listen");
  return fd;
}

std::uint16_t port_of(const std::string& endpoint) {
  return static_cast<std::uint16_t>(std::stoi(endpoint.substr(endpoint.rfind(':') + 1)));
}

std::string free_endpoint() {
  // As long as a socket is bound there, nobody is given the port by chance; who asks for it by name
  // gets it, because neither insists on having it alone and this one never listens.
  static std::vector<Fd> held;
  std::uint16_t port = 0;
  held.push_back(bind_to_loopback(port));
  return "tcp://127.0.0.1:" + std::to_string(port);
}

TcpProxy::TcpProxy(std::uint16_t target_port)
    : target_port_(target_port),
      listener_(listen_on_loopback(port_)),
      wake_(eventfd(0, EFD_CLOEXEC)),
      thread_([this] { run(); }) {}

TcpProxy::~TcpProxy() {
  stop_ = true;
  eventfd_write(wake_.get(), 1);
  thread_.join();
}

void TcpProxy::cut() {
  cut_ = true;
  eventfd_write(wake_.get(), 1);
}

void TcpProxy::run() {
  while (!stop_) {
    std::vector<pollfd> watched = {{wake_.get(), POLLIN, 0}, {listener_.get(), POLLIN, 0}};
    poll(watched.data(), watched.size(), pipes_.empty() ? -1 : tick_ms);
    eventfd_t count = 0;
    if ((watched[0].revents & POLLIN) != 0) eventfd_read(wake_.get(), &count);
    if ((watched[1].revents & POLLIN) != 0) accept_one();
    if (cut_.exchange(false)) {
      for (Pipe& pipe : pipes_) {
        reset_connection(pipe.ends[0]);
        reset_connection(pipe.ends[1]);
      }
      pipes_.clear();
    }
    if (stalled_) continue;
    for (Pipe& pipe : pipes_) pass(pipe);
    pipes_.remove_if([](const Pipe& pipe) { return pipe.broken; });
  }
}

void TcpProxy::accept_one() {
  Pipe pipe;
  pipe.ends[0].reset(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  pipe.ends[1].reset(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address = loopback(target_port_);
  if (connect(pipe.ends[1].get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    return;
  }
  int on = 1;
  for (const Fd& end : pipe.ends) {
    setsockopt(end.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  pipes_.push_back(std::move(pipe));
}

void TcpProxy::pass(Pipe& pipe) {
  for (int from = 0; from < 2; ++from) {
    Pipe::Way& way = pipe.ways[from];
    auto now = Clock::now();
    double rate = rate_ == 0 ? 1e12 : static_cast<double>(rate_.load());
    double passed = std::chrono::duration<double>(now - way.since).count();
    way.allowance = std::min(way.allowance + rate * passed, std::max(rate * 0.02, 1.0));
    way.since = now;
    if (way.held.size() < block) {
      std::string buffer(block, '\0');
      ssize_t got = recv(pipe.ends[from].get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
      if (got > 0) way.held.append(buffer, 0, static_cast<std::size_t>(got));
      if (got == 0 && way.held.empty()) pipe.broken = true;
      if (got < 0 && errno != EAGAIN) pipe.broken = true;
    }
    std::size_t most = std::min(way.held.size(), static_cast<std::size_t>(way.allowance));
    if (most == 0) continue;
    ssize_t put =
        send(pipe.ends[1 - from].get(), way.held.data(), most, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (put < 0 && errno != EAGAIN) pipe.broken = true;
    if (put <= 0) continue;
    way.held.erase(0, static_cast<std::size_t>(put));
    way.allowance -= static_cast<double>(put);
  }
}

}  // namespace shoal::test
