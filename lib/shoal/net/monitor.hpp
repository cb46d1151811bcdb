#pragma once

#include <cstdint>
#include <functional>

#include <shoal/net/socket.hpp>

namespace shoal::net {

/// Tells what happens to the connections of a socket (ZMQ_EVENT_... and its value), on the Reactor.
/// Let go of it
/// before the socket, unless it was told to outlive it.
class Monitor {
 public:
  Monitor(runtime::Reactor& reactor, zmq::context_t& context, Socket& watched, int events,
          std::function<void(std::uint16_t event, int value)> happened);
  ~Monitor();
  Monitor(const Monitor&) = delete;
  Monitor& operator=(const Monitor&) = delete;

  /// The socket is about to be closed: goes on to tell what becomes of what it has still to send,
  /// up to ZMQ_EVENT_MONITOR_STOPPED, after which there is nothing left of it.
  void outlive() noexcept { watched_ = nullptr; }

  /// Tells what has not been told yet.
  void catch_up();

 private:
  bool drain();

  Socket* watched_;
  Socket pair_;
  std::function<void(std::uint16_t, int)> happened_;
};

}  // namespace shoal::net
