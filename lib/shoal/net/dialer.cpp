#include <algorithm>

#include <shoal/net/dialer.hpp>

namespace shoal::net {
namespace {

constexpr int most_messages_a_turn = 64;
constexpr std::size_t most_bytes_a_turn = 2UL << 20;

// From the first packet to the peer's HELLO. Then the peer, or the way to it, is taken to be dead.
constexpr std::chrono::seconds attempt_limit(5);

// An endpoint that turned out to be this very node may later be another's, but hardly soon.
constexpr std::chrono::seconds redial_self(30);

constexpr int watched_events = ZMQ_EVENT_CONNECTED | ZMQ_EVENT_CLOSED | ZMQ_EVENT_DISCONNECTED |
                               ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
                               ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
                               ZMQ_EVENT_HANDSHAKE_FAILED_AUTH;

bool is_redundant(wire::RefuseCode code) {
  return code == wire::RefuseCode::duplicate || code == wire::RefuseCode::self;
}

}  // namespace

/// One socket's life.
struct Dialer::Attempt {
  Attempt(PortShared& shared, Link& link)
      : socket(shared.reactor, shared.context.zmq(), zmq::socket_type::dealer),
        session(shared.next_id++, link, shared.host, shared.terms) {}

  Socket socket;
  Session session;
  bool connected = false;  // so far that a failure is not that of the address
  bool greeted = false;
  bool over = false;
  std::optional<Monitor> monitor;
  runtime::Registration limit;
};

Dialer::Dialer(PortShared& shared, Endpoint endpoint)
    : shared_(shared),
      endpoint_(std::move(endpoint)),
      where_(endpoint_.text()),
      delay_(shared.options.redial_first),
      jitter_(static_cast<unsigned>(std::hash<std::string>{}(shared.options.node.hex() + where_))) {
  redial_in(Duration(0));
}

Dialer::~Dialer() {
  if (question_ != 0) shared_.resolver.forget(question_);
}

bool Dialer::is_up() const noexcept {
  return attempt_ && attempt_->session.is_up();
}

bool Dialer::is_greeting() const noexcept {
  return attempt_ && attempt_->greeted && attempt_->session.is_greeting();
}

void Dialer::retire() {
  if (std::exchange(retired_, true)) return;
  timer_.reset();
  if (!attempt_) return;
  if (is_up()) {
    attempt_->session.leave();
  } else {
    let_go(false);
  }
}

void Dialer::dial() {
  if (endpoint_.kind == Endpoint::Kind::ipc || is_address(endpoint_.host)) {
    return resolved(std::vector<std::string>{endpoint_.host});
  }
  question_ = shared_.resolver.ask(endpoint_.host, [this](Addresses addresses) {
    question_ = 0;
    if (!retired_) resolved(std::move(addresses));
  });
}

void Dialer::resolved(Addresses addresses) {
  if (!addresses || addresses->empty()) {
    std::string why = addresses ? "it has no address" : addresses.reason();
    shared_.notices.warn(where_,
                         "cannot look up " + endpoint_.host + ": " + why + "; trying again");
    return back_off();
  }
  addresses_ = *std::move(addresses);
  address_ = 0;
  keys_tried_ = 0;
  connect();
}

void Dialer::connect() {
  attempt_ = std::make_shared<Attempt>(shared_, *this);
  Attempt& attempt = *attempt_;
  try {
    connect_socket(attempt);
  } catch (const zmq::error_t& error) {
    shared_.notices.warn(where_, "cannot dial " + where_ + ": " + error.what());
    let_go(false);
    return back_off();
  }
  attempt.socket.on_ready([this, &attempt] { return drain(attempt); });
  attempt.limit = shared_.reactor.at(std::chrono::steady_clock::now() + attempt_limit,
                                     [this, &attempt] { connection_ended(attempt); });
}

void Dialer::connect_socket(Attempt& attempt) {
  zmq::socket_t& socket = attempt.socket.raw();
  set_up(socket, shared_.options.limits);
  socket.set(zmq::sockopt::reconnect_ivl, -1);
  socket.set(zmq::sockopt::immediate, true);
  if (const TrustedKey* key = server_key()) shared_.context.secure_client(socket, *key);
  attempt.monitor.emplace(shared_.reactor, shared_.context.zmq(), attempt.socket, watched_events,
                          [this, &attempt](std::uint16_t event, int) { happened(attempt, event); });
  Endpoint target = endpoint_;
  target.host = addresses_[address_];
  prefer_ipv4(socket, target.host);
  socket.connect(target.text());
}

/// The first message on a connection, as soon as it is there; whether this was the moment.
bool Dialer::greet(Attempt& attempt) {
  if (attempt.over || attempt.greeted || !attempt.socket.writable()) return false;
  attempt.greeted = true;
  attempt.session.greet();
  return true;
}

bool Dialer::drain(Attempt& attempt) {
  std::size_t bytes = 0;
  Frames frames;
  for (int count = 0; count < most_messages_a_turn && bytes < most_bytes_a_turn; ++count) {
    if (attempt.over) return count > 0;
    // Looked at last: a receive that finds nothing may eat the sign that there is a connection.
    if (!attempt.socket.receive(frames.first)) return greet(attempt) || count > 0;
    attempt.socket.receive_rest(frames);
    bytes += frames.size();
    attempt.session.receive(frames);
    if (attempt.session.is_up()) attempt.limit.reset();
  }
  return true;
}

void Dialer::happened(Attempt& attempt, std::uint16_t event) {
  if (event == ZMQ_EVENT_CONNECTED) {
    attempt.connected = true;
    return;
  }
  // What came before the connection ended still counts.
  while (drain(attempt)) continue;
  connection_ended(attempt);
}

void Dialer::connection_ended(Attempt& attempt) {
  if (!attempt.over) attempt.session.lost("connection lost");
}

void Dialer::over(const Ending& ending) {
  bool connected = attempt_->connected;
  bool last_words = ending.cause == Ending::Cause::left || ending.cause == Ending::Cause::refused;
  let_go(last_words);
  if (retired_) return;
  bool refused =
      ending.cause == Ending::Cause::refused || ending.cause == Ending::Cause::refused_us;
  redundant_ = refused && !ending.was_up && is_redundant(ending.code);
  if (ending.was_up) delay_ = shared_.options.redial_first;
  if (redundant_) {
    bool self = ending.code == wire::RefuseCode::self;
    return redial_in(self ? Duration(redial_self) : shared_.options.redial_most);
  }
  if (refused || ending.was_up) return back_off();
  // It may have another of the trusted keys.
  if (connected && ++keys_tried_ < shared_.context.trusted().size()) {
    key_ = (key_ + 1) % shared_.context.trusted().size();
    return shared_.chores.add([this] {
      if (!attempt_ && !retired_) connect();
    });
  }
  next_candidate();
}

void Dialer::next_candidate() {
  keys_tried_ = 0;
  if (++address_ >= addresses_.size()) return back_off();
  shared_.chores.add([this] {
    if (!attempt_ && !retired_) connect();
  });
}

void Dialer::back_off() {
  Duration most = shared_.options.redial_most;
  std::uniform_real_distribution<double> part(0.5, 1.0);
  redial_in(std::chrono::duration_cast<Duration>(delay_ * part(jitter_)));
  delay_ = std::min(2 * delay_, most);
}

void Dialer::redial_in(Duration delay) {
  timer_ = shared_.reactor.at(std::chrono::steady_clock::now() + delay, [this] { dial(); });
}

void Dialer::let_go(bool last_words) {
  attempt_->over = true;
  attempt_->limit.reset();
  if (last_words) attempt_->socket.raw().set(zmq::sockopt::linger, last_word_ms);
  // The socket's own callbacks may be running.
  shared_.chores.add([attempt = std::exchange(attempt_, nullptr)] {});
}

const TrustedKey* Dialer::server_key() const {
  const std::vector<TrustedKey>& trusted = shared_.context.trusted();
  return trusted.empty() ? nullptr : &trusted[key_ % trusted.size()];
}

const std::string& Dialer::key_name() const {
  static const std::string none;
  const TrustedKey* key = server_key();
  return key == nullptr ? none : key->name;
}

Wrote Dialer::write(zmq::message_t& first, zmq::message_t* second) {
  if (!attempt_) return Wrote::gone;
  Wrote wrote = attempt_->socket.send(first, second != nullptr);
  if (wrote == Wrote::done && second != nullptr) attempt_->socket.send(*second, false);
  return wrote;
}

}  // namespace shoal::net
