#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <shoal/chat/chat_peer.hpp>
#include <shoal/chat/plain_saying.hpp>
#include <shoal/net/live_socket.hpp>

namespace shoal::chat {

struct PlainLaneOptions {
  std::vector<std::string> binds;     ///< endpoint lists; there a PUB tells what is said
  std::vector<std::string> connects;  ///< endpoint lists; what PUBs there say is posted
  std::string room = "lobby";         ///< for what names none; a name
};

/// A chat-peer's bare PUB and SUB sockets, for any ZeroMQ program, at most once (PROTOCOL.md, "Chat
/// on the plain lane"). Used on the Reactor's thread only.
class PlainLane {
 public:
  /// Throws Error as PlainSocket does. `peer`, context and reactor outlive this.
  PlainLane(net::Context& context, runtime::Reactor& reactor, ChatPeer& peer,
            PlainLaneOptions options);

  /// Publishes what is posted from now on, save what came from here.
  void on_event(const Event& event);

  void close();
  bool closed() const;
  bool had_peer() const;
  std::uint64_t moved() const { return moved_; }  ///< messages, either way

 private:
  bool take();
  void take(const net::LiveMessage& message);

  ChatPeer& peer_;
  PlainLaneOptions options_;
  std::uint64_t began_ms_;
  std::uint64_t moved_ = 0;
  std::set<Place> taken_;  // posted from here, and not come back yet
  bool said_peer_ = false;
  bool said_fault_ = false;
  std::optional<net::PublishSocket> publish_;
  std::optional<net::SubscribeSocket> subscribe_;
};

}  // namespace shoal::chat
