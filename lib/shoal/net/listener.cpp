#include <shoal/base/utf8.hpp>
#include <shoal/net/binding.hpp>
#include <shoal/net/listener.hpp>

namespace shoal::net {
namespace {

// How much is taken before others on the Reactor have their turn.
constexpr int most_messages_a_turn = 64;
constexpr std::size_t most_bytes_a_turn = 2UL << 20;

// libzmq's thread tells of a lost connection a moment before sends to it fail.
constexpr int probes_a_loss = 3;
constexpr std::chrono::milliseconds between_probes(20);

std::string property(zmq::message_t& message, const char* name) {
  const char* value = zmq_msg_gets(message.handle(), name);
  std::string text = value == nullptr ? "" : printable(value);
  constexpr std::string_view mapped = "::ffff:";  // IPv4 on a socket that takes both
  return text.starts_with(mapped) ? text.substr(mapped.size()) : text;
}

}  // namespace

/// One connection to the ROUTER.
class Listener::Peer final : public Link {
 public:
  Peer(Listener& listener, std::string routing_id, std::string where, std::string key_name)
      : listener_(listener),
        routing_id_(std::move(routing_id)),
        where_(std::move(where)),
        key_name_(std::move(key_name)),
        session_(listener.shared_.next_id++, *this, listener.shared_.host, listener.shared_.terms) {
  }

  Session& session() noexcept { return session_; }

  Wrote write(zmq::message_t& first, zmq::message_t* second) override {
    zmq::message_t address(routing_id_.data(), routing_id_.size());
    Wrote wrote = listener_.socket_.send(address, true);
    if (wrote != Wrote::done) return wrote;
    // Once the address is taken the rest cannot fail: libzmq drops it when the peer goes right now.
    listener_.socket_.send(first, second != nullptr);
    if (second != nullptr) listener_.socket_.send(*second, false);
    return Wrote::done;
  }

  void over(const Ending&) override {
    listener_.shared_.chores.add(
        [&listener = listener_, id = routing_id_] { listener.forget(id); });
  }

  bool dialled() const override { return false; }
  const std::string& where() const override { return where_; }
  const std::string& key_name() const override { return key_name_; }

 private:
  Listener& listener_;
  std::string routing_id_;
  std::string where_;
  std::string key_name_;
  Session session_;
};

Listener::Listener(PortShared& shared)
    : shared_(shared),
      socket_(shared.reactor, shared.context.zmq(), zmq::socket_type::router),
      monitor_(shared.reactor, shared.context.zmq(), socket_,
               ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH |
                   ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL,
               [this](std::uint16_t event) { happened(event); }) {
  set_up(socket_.raw(), shared.options.limits);
  socket_.raw().set(zmq::sockopt::router_mandatory, true);
  shared.context.secure_server(socket_.raw());
  socket_.on_ready([this] { return drain(); });
}

Listener::~Listener() = default;

void Listener::bind(const Endpoint& endpoint) {
  bound_.push_back(net::bind(socket_.raw(), shared_.context, endpoint, shared_.options.lookup));
}

void Listener::allow_last_words() {
  socket_.raw().set(zmq::sockopt::linger, last_word_ms);
}

bool Listener::drain() {
  std::size_t bytes = 0;
  zmq::message_t routing_id;
  Frames frames;
  for (int count = 0; count < most_messages_a_turn && bytes < most_bytes_a_turn; ++count) {
    if (!socket_.receive(routing_id)) return count > 0;
    if (!routing_id.more() || !socket_.receive(frames.first)) continue;
    socket_.receive_rest(frames);
    bytes += frames.size();
    receive(routing_id, frames);
  }
  return true;
}

void Listener::receive(const zmq::message_t& routing_id, Frames& frames) {
  std::string_view id = routing_id.to_string_view();
  auto found = peers_.find(id);
  if (found != peers_.end() && !found->second->session().is_over()) {
    return found->second->session().receive(frames);
  }
  Result<wire::FrameKind> kind = wire::frame_kind(frames.first.to_string_view());
  if (!kind && shared_.options.plain && receive_plain(id, frames)) return;
  if (!kind) {
    return shared_.notices.warn("strangers", "refused a peer at " +
                                                 property(frames.first, "Peer-Address") +
                                                 ": it does not speak shoal's protocol");
  }
  // What was still on its way in a session that has ended.
  if (*kind != wire::FrameKind::hello) return;
  auto peer = std::make_unique<Peer>(*this, std::string(id), property(frames.first, "Peer-Address"),
                                     property(frames.first, "User-Id"));
  Session& session = peer->session();
  peers_.insert_or_assign(std::string(id), std::move(peer));
  session.receive(frames);
}

/// PROTOCOL.md, REQ-15: [body], or an empty frame and [body].
bool Listener::receive_plain(std::string_view routing_id, Frames& frames) {
  bool enveloped = frames.first.size() == 0;
  if (frames.surplus || enveloped != frames.second.has_value()) return false;
  zmq::message_t& body = enveloped ? *frames.second : frames.first;
  shared_.host.plain({.routing_id = std::string(routing_id), .enveloped = enveloped},
                     to_bytes(std::move(body)));
  return true;
}

bool Listener::answer_plain(const PlainPeer& peer, const Bytes& body) {
  zmq::message_t address(peer.routing_id.data(), peer.routing_id.size());
  if (socket_.send(address, true) != Wrote::done) return false;
  zmq::message_t empty;
  if (peer.enveloped) socket_.send(empty, true);
  zmq::message_t content = to_message(body);
  socket_.send(content, false);
  return true;
}

void Listener::forget(const std::string& routing_id) {
  auto found = peers_.find(routing_id);
  if (found != peers_.end() && found->second->session().is_over()) peers_.erase(found);
}

void Listener::happened(std::uint16_t event) {
  if (event == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH) {
    shared_.notices.warn("keys", "turned away a node whose key is not trusted here");
    return;
  }
  if (event == ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL) {
    // With keys it may be a friend who tries one key of ours after another.
    if (shared_.context.secure()) return;
    shared_.notices.warn("strangers", "refused a peer: it is no ZeroMQ socket, or has keys");
    return;
  }
  probe_soon();
}

void Listener::probe_soon() {
  probes_left_ = probes_a_loss;
  if (!probe_timer_) {
    probe_timer_ = shared_.reactor.at(
        std::chrono::steady_clock::now() + std::chrono::milliseconds(1), [this] { probe(); });
  }
}

void Listener::probe() {
  std::vector<Session*> sessions;
  for (auto& [id, peer] : peers_) sessions.push_back(&peer->session());
  for (Session* session : sessions) session->probe();
  probe_timer_.reset();
  if (--probes_left_ <= 0) return;
  probe_timer_ =
      shared_.reactor.at(std::chrono::steady_clock::now() + between_probes, [this] { probe(); });
}

}  // namespace shoal::net
