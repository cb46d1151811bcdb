#include <algorithm>

#include <shoal/base/assert.hpp>
#include <shoal/chat/chat_core.hpp>

namespace shoal::chat {
namespace {

using namespace std::chrono_literals;
namespace message = wire::chat;

constexpr Duration say_every = 10s;      // CHAT-7
constexpr Duration say_at_most = 250ms;  // between two versions of our record
constexpr std::uint64_t minute_ms = 60'000;

std::uint64_t clock_of(std::uint64_t wall_ms) {
  return wall_ms << 16;
}

}  // namespace

ChatCore::ChatCore(ChatCoreOptions options)
    : options_(std::move(options)),
      log_(options_.node, options_.limits),
      exchange_(log_),
      roster_(options_.node, options_.endpoints),
      courier_(options_.node, roster_) {
  SHOAL_ASSERT(!options_.node.is_nil());
  SHOAL_ASSERT(options_.endpoints.size() <= message::most_endpoints);
  own_.node = options_.node;
  own_.endpoints = options_.endpoints;
}

void ChatCore::restore(Post post) {
  log_.restore(std::move(post));
}

void ChatCore::on_up(PeerId peer, const Id& node, Moment at) {
  peers_[peer] = node;
  roster_.on_up(peer, node, at.now);
  exchange_.on_up(peer);
  for (About& about : roster_.records(at.now)) {
    bool told = about.node == node || about.version == 0;
    if (!told) outbox_.post(peer, std::move(about));
  }
  changed(at);
  collect();
}

void ChatCore::on_down(PeerId peer, bool left, Moment at) {
  auto found = peers_.find(peer);
  if (found == peers_.end()) return;
  exchange_.on_down(peer);
  roster_.on_down(peer, found->second, left, at.now);
  peers_.erase(found);
  changed(at);
  collect();
}

void ChatCore::on_message(PeerId peer, message::Any any, Moment at) {
  if (!peers_.contains(peer) || closed_) return;
  std::visit([&](auto& content) { receive(peer, content, at); }, any);
  collect();
}

void ChatCore::receive(PeerId peer, message::Have& have, Moment) {
  exchange_.on_have(peer, have);
}

void ChatCore::receive(PeerId peer, Post& post, Moment at) {
  exchange_.on_sent_by(peer, post);
  take_post(std::move(post), peer, at);
}

/// Takes a post of ours (`from` 0) or one that a peer has sent.
void ChatCore::take_post(Post post, PeerId from, Moment at) {
  const bool own = post.author == options_.node;
  if (own && from != 0 && post.seq >= log_.next(post.author)) {
    outbox_.blame(from, "it sent a post of ours that we have not written");
    return;
  }
  const Place place = place_of(post);
  switch (log_.add(std::move(post))) {
    case PostLog::Added::held:
      return;
    case PostLog::Added::foreign:
      outbox_.blame(from, "it sent a post that does not follow its author's last one");
      return;
    case PostLog::Added::passed:
      exchange_.on_changed(place.author, at.now);
      return;
    case PostLog::Added::kept:
      break;
  }
  exchange_.on_changed(place.author, at.now);
  const Post* kept = log_.find(place.author, place.seq);
  if (kept == nullptr) return;  // so old that it was let go of at once
  to_store_.push_back(*kept);
  events_.push_back(Arrived{*kept});
  auto wait = [&](PeerId peer) { return !own && roster_.links(peers_.at(peer), place.author); };
  exchange_.offer(*kept, wait, at.now);
}

void ChatCore::receive(PeerId peer, About& about, Moment at) {
  const Id node = about.node;
  std::optional<std::vector<Id>> parted = roster_.learn(std::move(about), at.now);
  if (!parted) return;
  std::optional<About> news = roster_.record(node, at.now);
  if (news) pass_on(*news, peer);
  // Whom it was linked with it heard of from there; from now on it does not.
  for (const auto& [other, other_node] : peers_) {
    if (other_node != node) continue;
    for (const Id& gone : *parted) {
      std::optional<About> record = roster_.record(gone, at.now);
      if (record && record->version != 0) outbox_.post(other, std::move(*record));
    }
  }
}

void ChatCore::pass_on(const About& about, PeerId from) {
  for (const auto& [peer, node] : peers_) {
    bool has_it = peer == from || node == about.node || roster_.links(node, about.node);
    if (!has_it) outbox_.post(peer, about);
  }
}

void ChatCore::receive(PeerId peer, Direct& direct, Moment at) {
  courier_.on_direct(peer, std::move(direct), at.now);
}

void ChatCore::receive(PeerId peer, Receipt& receipt, Moment) {
  courier_.on_receipt(peer, receipt);
}

/// Our record is to be said anew.
void ChatCore::changed(Moment at) {
  record_due_ = std::min(record_due_, std::max(at.now, record_said_ + say_at_most));
}

void ChatCore::say_record(Moment at, bool left) {
  ++own_.version;
  own_.left = left;
  own_.links = roster_.linked();
  if (own_.links.size() > message::most_links) own_.links.resize(message::most_links);
  if (left) own_.users.clear();
  roster_.set_own(own_, at.now);
  for (const auto& [peer, node] : peers_) outbox_.post(peer, own_);
  record_said_ = at.now;
  record_due_ = at.now + say_every;
}

void ChatCore::close(Moment at) {
  if (closed_) return;
  closed_ = true;
  say_record(at, true);
  collect();
}

void ChatCore::set_nick(std::string nick, Moment at) {
  SHOAL_ASSERT(nick.empty() || message::is_name(nick));
  own_.nick = std::move(nick);
  changed(at);
}

bool ChatCore::join(const std::string& nick, std::vector<std::string> rooms, Moment at) {
  SHOAL_ASSERT(message::is_name(nick) && std::ranges::all_of(rooms, message::is_name));
  std::ranges::sort(rooms);
  rooms.erase(std::ranges::unique(rooms).begin(), rooms.end());
  bool full = own_.users.size() >= message::most_users && !own_.users.contains(nick);
  if (full || rooms.size() > message::most_rooms) return false;
  roster_.put_own(nick, rooms, at.now);
  own_.users[nick] = std::move(rooms);
  changed(at);
  collect();
  return true;
}

void ChatCore::leave(const std::string& nick, Moment at) {
  if (own_.users.erase(nick) == 0) return;
  roster_.remove_own(nick, at.now);
  changed(at);
  collect();
}

Place ChatCore::post(std::string nick, std::string room, message::Kind kind, std::string text,
                     Moment at, std::uint64_t tag) {
  SHOAL_ASSERT(message::is_name(nick) && message::is_name(room) && message::is_text(text));
  const Id& self = options_.node;
  std::uint64_t others = log_.latest_clock(clock_of(at.wall_ms + minute_ms));
  Post post{.author = self,
            .seq = log_.next(self),
            .first = log_.first(self),
            .clock = std::max({clock_of(at.wall_ms), others + 1, log_.last_clock(self) + 1}),
            .kind = kind,
            .nick = std::move(nick),
            .room = std::move(room),
            .tag = tag,
            .text = std::move(text)};
  post.clock = std::max(post.clock, log_.least_clock(post));
  const Place place = place_of(post);
  take_post(std::move(post), 0, at);
  collect();
  return place;
}

Id ChatCore::direct(std::string nick, std::string to, std::string text, Moment at) {
  SHOAL_ASSERT(message::is_name(nick) && message::is_name(to) && message::is_text(text));
  Id id =
      courier_.send(std::move(nick), std::move(to), std::move(text), clock_of(at.wall_ms), at.now);
  collect();
  return id;
}

void ChatCore::tick(Moment at) {
  exchange_.tick(at.now);
  courier_.tick(at.now);
  if (!closed_ && at.now >= record_due_) say_record(at, false);
  roster_.tick(at.now);
  collect();
}

Time ChatCore::next_tick() const {
  Time record = closed_ ? never : record_due_;
  return std::min({exchange_.next_tick(), courier_.next_tick(), roster_.next_tick(), record});
}

bool ChatCore::is_taken(const std::string& nick, bool elsewhere) const {
  auto counts = [&](const Id& node) { return node == options_.node ? !elsewhere : reaches(node); };
  return std::ranges::any_of(find(nick), counts);
}

/// Gathers what the parts have to send and to tell.
void ChatCore::collect() {
  auto gather = [this](Outbox outbox) {
    std::ranges::move(outbox.envelopes, std::back_inserter(outbox_.envelopes));
    std::ranges::move(outbox.faults, std::back_inserter(outbox_.faults));
  };
  gather(exchange_.take_outbox());
  gather(courier_.take_outbox());
  for (auto& change : roster_.take_changes()) events_.push_back(std::move(change));
  for (auto& arrived : courier_.take_arrived()) events_.push_back(std::move(arrived));
  for (auto& ended : courier_.take_ended()) events_.push_back(std::move(ended));
}

Outbox ChatCore::take_outbox() {
  return outbox_.take();
}

}  // namespace shoal::chat
