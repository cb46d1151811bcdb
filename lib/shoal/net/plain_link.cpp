#include <algorithm>

#include <shoal/net/binding.hpp>
#include <shoal/net/plain_link.hpp>
#include <shoal/net/port_shared.hpp>

namespace shoal::net {
namespace {

constexpr int redial_first_ms = 50;
constexpr int redial_most_ms = 2000;

// libzmq says at once whether it will redial; where it has said nothing for so long it has given
// up.
constexpr std::chrono::seconds given_up(1);
constexpr std::chrono::milliseconds next_key(50);

constexpr int watched_events =
    ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_CONNECTED | ZMQ_EVENT_CONNECT_DELAYED |
    ZMQ_EVENT_CONNECT_RETRIED | ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED |
    ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
    ZMQ_EVENT_HANDSHAKE_FAILED_AUTH | ZMQ_EVENT_MONITOR_STOPPED;

int linger_ms(Duration linger) {
  if (linger == Duration::max()) return -1;
  return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(linger).count());
}

}  // namespace

PlainLink::PlainLink(PlainShared& shared)
    : shared_(shared),
      socket_(std::in_place, shared.reactor, shared.context.zmq(), shared.type),
      monitor_(shared.reactor, shared.context.zmq(), *socket_, watched_events,
               [this](std::uint16_t event, int value) { happened(event, value); }) {
  zmq::socket_t& socket = socket_->raw();
  set_up(socket, {});
  socket.set(zmq::sockopt::maxmsgsize, static_cast<std::int64_t>(shared.options.message_bytes));
  socket.set(zmq::sockopt::sndhwm, shared.options.high_water);
  socket.set(zmq::sockopt::rcvhwm, shared.options.high_water);
  socket.set(zmq::sockopt::reconnect_ivl, redial_first_ms);
  socket.set(zmq::sockopt::reconnect_ivl_max, redial_most_ms);
  // Or else messages pile up for endpoints where nobody is. A socket that receives would throw away
  // what it has received when its peer leaves.
  if (sends()) socket.set(zmq::sockopt::immediate, true);
  if (shared.prepare) shared.prepare(socket);
  socket_->on_ready([this] {
    // Takes the sign off the descriptor, whether or not anyone wants to send or receive now.
    static_cast<void>(socket_->raw().get(zmq::sockopt::events));
    shared_.wake();
    return false;
  });
}

std::string PlainLink::bind(const Endpoint& endpoint) {
  shared_.context.secure_server(socket_->raw());
  return net::bind(socket_->raw(), shared_.context, endpoint, shared_.options.lookup);
}

void PlainLink::dial(const Endpoint& endpoint) {
  dialled_ = endpoint.text();
  use_key();
  prefer_ipv4(socket_->raw(), endpoint.host);
  try {
    socket_->raw().connect(dialled_);
  } catch (const zmq::error_t& error) {
    throw Error("cannot dial " + dialled_ + ": " + error.what());
  }
}

void PlainLink::use_key() {
  const std::vector<TrustedKey>& trusted = shared_.context.trusted();
  if (!trusted.empty())
    shared_.context.secure_client(socket_->raw(), trusted[key_ % trusted.size()]);
}

bool PlainLink::sends() const {
  return shared_.type == zmq::socket_type::push || shared_.type == zmq::socket_type::xpub;
}

bool PlainLink::send(std::span<zmq::message_t> frames) {
  for (std::size_t i = 0; i < frames.size(); ++i) {
    int flags = ZMQ_DONTWAIT | (i + 1 < frames.size() ? ZMQ_SNDMORE : 0);
    while (zmq_msg_send(frames[i].handle(), socket_->raw().handle(), flags) < 0) {
      if (errno == EAGAIN && i == 0) return false;
      if (errno != EINTR) throw zmq::error_t();
    }
  }
  return true;
}

void PlainLink::close() {
  if (!socket_) return;
  redial_.reset();
  if (sends()) socket_->raw().set(zmq::sockopt::linger, linger_ms(shared_.options.linger));
  monitor_.outlive();
  socket_.reset();
}

void PlainLink::happened(std::uint16_t event, int value) {
  bool came = event == ZMQ_EVENT_ACCEPTED || event == ZMQ_EVENT_CONNECTED;
  if (came && shared_.peer_came) shared_.peer_came(value);
  switch (event) {
    case ZMQ_EVENT_ACCEPTED:
      return;
    case ZMQ_EVENT_HANDSHAKE_SUCCEEDED:
      ++peers_;
      redial_.reset();
      shared_.peers_changed();
      return;
    case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
      return handshake_failed("its key is not trusted here");
    case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL:
      return handshake_failed("it is no ZeroMQ socket that fits, or has other keys");
    case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL:
      handshaking_failed_ = true;
      if (dialled_.empty()) return;  // whoever it was has gone
      return handshake_failed("the connection ended in the middle of the greeting");
    case ZMQ_EVENT_DISCONNECTED:
      // A failed handshake is told twice: as such, and then as the end of its connection.
      if (!std::exchange(handshaking_failed_, false)) peers_ = std::max(peers_ - 1, 0);
      dial_anew_in(given_up);
      if (shared_.peer_left) shared_.peer_left(value);
      shared_.peers_changed();
      return;
    case ZMQ_EVENT_MONITOR_STOPPED:
      gone_ = true;
      return;
    default:  // libzmq goes on dialling, though with the key that it has
      if (!other_key_) redial_.reset();
  }
}

void PlainLink::handshake_failed(const char* why) {
  handshaking_failed_ = true;
  bool has_others = !dialled_.empty() && shared_.context.trusted().size() > 1;
  if (has_others) {
    ++key_;
    dial_anew_in(next_key);
    other_key_ = true;
    return;
  }
  shared_.notices.warn(dialled_,
                       "refused a peer" + (dialled_.empty() ? "" : " at " + dialled_) + ": " + why);
  dial_anew_in(given_up);
}

void PlainLink::dial_anew_in(Duration delay) {
  if (dialled_.empty() || !socket_ || other_key_) return;
  redial_ = shared_.reactor.at(std::chrono::steady_clock::now() + delay, [this] { dial_anew(); });
}

void PlainLink::dial_anew() {
  other_key_ = false;
  // What has been received would go with the old connection.
  bool unread = (socket_->raw().get(zmq::sockopt::events) & ZMQ_POLLIN) != 0;
  shared_.wake();
  if (unread) return dial_anew_in(given_up);
  // Where libzmq has given up on it, it may have let go of it too.
  zmq_disconnect(socket_->raw().handle(), dialled_.c_str());
  use_key();
  if (zmq_connect(socket_->raw().handle(), dialled_.c_str()) != 0) dial_anew_in(given_up);
}

}  // namespace shoal::net
