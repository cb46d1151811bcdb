#include "support/raw_peer.hpp"

namespace shoal::test {

RawPeer::RawPeer(const std::string& endpoint) : socket_(context_, zmq::socket_type::dealer) {
  socket_.set(zmq::sockopt::linger, 0);
  socket_.set(zmq::sockopt::sndhwm, 0);
  socket_.connect(endpoint);
}

void RawPeer::send(const std::vector<std::string>& frames) {
  for (std::size_t i = 0; i < frames.size(); ++i) {
    bool more = i + 1 < frames.size();
    socket_.send(zmq::buffer(frames[i]), more ? zmq::send_flags::sndmore : zmq::send_flags::none);
  }
}

bool RawPeer::receive(std::string& into) {
  zmq::message_t frame;
  if (!socket_.recv(frame, zmq::recv_flags::dontwait)) return false;
  into = frame.to_string();
  while (frame.more()) static_cast<void>(socket_.recv(frame));
  return true;
}

}  // namespace shoal::test
