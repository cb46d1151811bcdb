#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include <shoal/net/monitor.hpp>
#include <shoal/net/port_shared.hpp>

namespace shoal::net {

/// The ROUTER on which others dial us, and a session for each connection that said HELLO. libzmq
/// makes up the routing ids, so nobody can take another's.
class Listener {
 public:
  explicit Listener(PortShared& shared);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  /// Throws Error when the endpoint cannot be bound.
  void bind(const Endpoint& endpoint);

  /// With wildcards resolved, in the order bound.
  const std::vector<std::string>& bound() const noexcept { return bound_; }

  /// See Port::answer_plain.
  bool answer_plain(const PlainPeer& peer, const Bytes& body);

  /// Lets libzmq write what was said last after the socket is let go of.
  void allow_last_words();

 private:
  class Peer;
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>{}(text);
    }
  };

  bool drain();
  void receive(const zmq::message_t& routing_id, Frames& frames);
  bool receive_plain(std::string_view routing_id, Frames& frames);
  void forget(const std::string& routing_id);
  void happened(std::uint16_t event);
  void probe_soon();
  void probe();

  PortShared& shared_;
  Socket socket_;
  std::vector<std::string> bound_;
  std::unordered_map<std::string, std::unique_ptr<Peer>, Hash, std::equal_to<>> peers_;
  int probes_left_ = 0;
  runtime::Registration probe_timer_;
  Monitor monitor_;
};

}  // namespace shoal::net
