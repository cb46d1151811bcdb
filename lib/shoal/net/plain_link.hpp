#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>

#include <shoal/net/context_impl.hpp>
#include <shoal/net/monitor.hpp>
#include <shoal/net/notices.hpp>
#include <shoal/net/plain_options.hpp>

namespace shoal::net {

/// What the links of one plain or live socket share.
struct PlainShared {
  Context::Impl& context;
  runtime::Reactor& reactor;
  zmq::socket_type type;
  PlainOptions options;
  std::function<void(zmq::socket_t&)> prepare;  ///< sets what is peculiar to the pattern
  std::function<void()> wake;                   ///< something may have happened
  std::function<void()> peers_changed;
  std::function<void(int fd)> peer_came;  ///< there is a connection; may be empty
  std::function<void(int fd)> peer_left;  ///< a connection is no more; may be empty
  Notices notices;
};

/// One libzmq socket of a plain or live socket: that which listens, or one for each endpoint that
/// is dialled, so that what befalls one can be told from what befalls another. libzmq redials by
/// itself; where it gives up for good (a wrong peer, a wrong key) the link dials anew.
class PlainLink {
 public:
  explicit PlainLink(PlainShared& shared);
  PlainLink(const PlainLink&) = delete;
  PlainLink& operator=(const PlainLink&) = delete;

  /// Listens on one more endpoint and returns it with wildcards resolved. Throws Error.
  std::string bind(const Endpoint& endpoint);

  /// Begins to dial; at most once. Throws Error when libzmq will not have the endpoint.
  void dial(const Endpoint& endpoint);

  /// Hands one message to libzmq, which takes the frames over; false, and nothing taken, when
  /// there is no room.
  bool send(std::span<zmq::message_t> frames);

  /// The socket, to receive from; null once closed.
  Socket* socket() noexcept { return socket_ ? &*socket_ : nullptr; }

  /// Tells now what has become of connections, so that it is known before what came on later ones.
  void catch_up() { monitor_.catch_up(); }

  /// Lets libzmq write what it was handed, then end. gone() tells when it has.
  void close();
  bool gone() const noexcept { return gone_; }

  /// As far as libzmq tells; for people.
  int peers() const noexcept { return peers_; }

 private:
  void happened(std::uint16_t event, int value);
  void handshake_failed(const char* why);
  void dial_anew_in(Duration delay);
  void dial_anew();
  void use_key();
  bool sends() const;

  PlainShared& shared_;
  std::optional<Socket> socket_;
  Monitor monitor_;
  std::string dialled_;  // empty: it listens
  std::size_t key_ = 0;  // of the trusted ones, which we take the server to have
  int peers_ = 0;
  bool handshaking_failed_ = false;
  bool other_key_ = false;  // about to be tried
  bool gone_ = false;
  runtime::Registration redial_;
};

}  // namespace shoal::net
