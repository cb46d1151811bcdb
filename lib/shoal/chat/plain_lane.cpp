#include <utility>

#include <shoal/chat/plain_lane.hpp>
#include <shoal/runtime/log.hpp>

namespace shoal::chat {
namespace {

constexpr int most_a_turn = 100;
constexpr std::size_t most_message = 64UL << 10;
constexpr Duration linger = std::chrono::seconds(3);

}  // namespace

PlainLane::PlainLane(net::Context& context, runtime::Reactor& reactor, ChatPeer& peer,
                     PlainLaneOptions options)
    : peer_(peer), options_(std::move(options)), began_ms_(peer.moment().wall_ms) {
  if (!options_.binds.empty()) {
    net::PlainOptions plain{.binds = options_.binds, .peer = "subscriber", .linger = linger};
    publish_.emplace(context, reactor, net::PublishOptions{.plain = std::move(plain)},
                     [] { return false; });
  }
  if (!options_.connects.empty()) {
    net::PlainOptions plain{
        .connects = options_.connects, .peer = "publisher", .message_bytes = most_message};
    subscribe_.emplace(context, reactor, std::move(plain), [this] { return take(); });
    subscribe_->subscribe(std::string(plain_topic));
  }
}

void PlainLane::on_event(const Event& event) {
  const auto* arrived = std::get_if<Arrived>(&event);
  if (arrived == nullptr || taken_.erase(place_of(arrived->post)) > 0) return;
  bool old = arrived->post.clock >> 16 < began_ms_;
  if (!publish_ || old) return;
  ++moved_;
  publish_->send(plain_topic, Bytes::take(write_plain(arrived->post)), {});
}

bool PlainLane::take() {
  net::LiveMessage message;
  int taken = 0;
  for (; taken < most_a_turn && subscribe_->receive(message); ++taken) take(message);
  return taken > 0;
}

void PlainLane::take(const net::LiveMessage& message) {
  ++moved_;
  Result<PlainSaying> saying = read_plain(message.topic, message.payload);
  if (!saying) {
    auto* say = std::exchange(said_fault_, true) ? log_debug : log_warning;
    return say("a message on the plain lane was left out: " + saying.reason());
  }
  if (saying->by_peer) {
    if (std::exchange(said_peer_, true)) return;
    return log_warning(
        "a chat-peer publishes where --plain-connect listens; peers hear each other "
        "by --bind and --connect, and what it says there is left out");
  }
  if (saying->room.empty()) saying->room = options_.room;
  taken_.insert(peer_.post(std::move(saying->nick), std::move(saying->room), saying->kind,
                           std::move(saying->text)));
}

void PlainLane::close() {
  if (publish_) publish_->close();
  if (subscribe_) subscribe_->close();
}

bool PlainLane::closed() const {
  return (!publish_ || publish_->closed()) && (!subscribe_ || subscribe_->closed());
}

bool PlainLane::had_peer() const {
  return (publish_ && publish_->had_peer()) || (subscribe_ && subscribe_->had_peer());
}

}  // namespace shoal::chat
