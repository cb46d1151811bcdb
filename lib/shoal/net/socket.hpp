#pragma once

#include <functional>

#include <zmq.hpp>

#include <shoal/net/frames.hpp>
#include <shoal/runtime/reactor.hpp>

namespace shoal::net {

/// What became of a message handed to libzmq.
enum class Wrote {
  done,
  full,  ///< not taken: there is no room, or no connection yet
  gone,  ///< not taken: the peer is no longer connected
};

/// A libzmq socket on a Reactor. Its descriptor only tells that something happened, and any send or
/// receive may eat that sign, so after each the socket is looked at again before the Reactor waits.
/// Linger is 0 unless set otherwise.
class Socket {
 public:
  Socket(runtime::Reactor& reactor, zmq::context_t& context, zmq::socket_type type);

  zmq::socket_t& raw() noexcept { return socket_; }

  /// `ready` takes a bounded amount of what there is, and returns false when it found nothing: then
  /// it is asked again once something happened.
  void on_ready(std::function<bool()> ready);

  /// One frame, or false when there is none.
  bool receive(zmq::message_t& into);

  /// The frames that follow in the same message.
  void receive_rest(Frames& into);

  Wrote send(zmq::message_t& frame, bool more);

  /// Whether a message would be taken now.
  bool writable();

  /// Have `ready` asked before the Reactor waits.
  void touch();

 private:
  bool run();

  runtime::Reactor& reactor_;
  zmq::socket_t socket_;
  std::function<bool()> ready_;
  runtime::Registration watch_;
  runtime::Registration check_;
  bool emptied_ = false;  // the last call on it was a receive that found nothing
};

}  // namespace shoal::net
