#pragma once

#include <string>
#include <vector>

#include <zmq.hpp>

namespace shoal::test {

/// A bare libzmq DEALER that says what a Port never would.
class RawPeer {
 public:
  explicit RawPeer(const std::string& endpoint);

  /// Sends one message of the given frames.
  void send(const std::vector<std::string>& frames);

  /// Takes the next message's first frame into `into`, if there is one.
  bool receive(std::string& into);

  zmq::socket_t& socket() { return socket_; }

 private:
  zmq::context_t context_;
  zmq::socket_t socket_;
};

}  // namespace shoal::test
