#include <atomic>
#include <cstring>
#include <string>

#include <shoal/net/monitor.hpp>

namespace shoal::net {
namespace {

std::string fresh_address() {
  static std::atomic<std::uint64_t> next = 0;
  return "inproc://shoal-monitor-" + std::to_string(next++);
}

}  // namespace

Monitor::Monitor(runtime::Reactor& reactor, zmq::context_t& context, Socket& watched, int events,
                 std::function<void(std::uint16_t, int)> happened)
    : watched_(&watched),
      pair_(reactor, context, zmq::socket_type::pair),
      happened_(std::move(happened)) {
  // libzmq's own thread waits when this pipe is full, and everyone's traffic with it: no limit.
  pair_.raw().set(zmq::sockopt::rcvhwm, 0);
  std::string address = fresh_address();
  if (zmq_socket_monitor(watched.raw().handle(), address.c_str(), events) != 0)
    throw zmq::error_t();
  pair_.raw().connect(address);
  pair_.on_ready([this] { return drain(); });
}

Monitor::~Monitor() {
  // First, because libzmq's thread would wait for ever to tell a pair that has no other end.
  if (watched_ != nullptr) zmq_socket_monitor(watched_->raw().handle(), nullptr, 0);
}

bool Monitor::drain() {
  Frames frames;
  if (!pair_.receive(frames.first)) return false;
  pair_.receive_rest(frames);
  std::uint16_t event = 0;
  std::int32_t value = 0;
  if (frames.first.size() < sizeof event + sizeof value) return true;
  std::memcpy(&event, frames.first.data(), sizeof event);
  std::memcpy(&value, frames.first.data<char>() + sizeof event, sizeof value);
  happened_(event, value);
  return true;
}

void Monitor::catch_up() {
  while (drain()) continue;
}

}  // namespace shoal::net
