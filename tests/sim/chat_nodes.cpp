#include "chat_nodes.hpp"

#include <algorithm>

namespace shoal::sim {

using namespace std::chrono_literals;

namespace {

/// A record is told as here for 25 s, looked at each second, and may have been on its way.
constexpr Duration here_at_most = 30s;

constexpr std::uint64_t epoch_ms = 1'700'000'000'000;

PostKey key_of(const chat::Post& post) {
  return {post.author, post.seq};
}

}  // namespace

ChatShared::~ChatShared() = default;

ChatNode::ChatNode(ChatShared& shared, int index)
    : Node(shared),
      name("p" + std::to_string(index)),
      nick(shared.plan.twins && index == 1 ? "p0" : name),
      guest("guest" + std::to_string(index)),
      hidden(index != 0 && shared.random.chance(shared.plan.hidden)),
      keeps(shared.random.chance(shared.plan.keeps)),
      shared_(shared) {}

void ChatNode::start() {
  if (alive_ || ended) return;
  alive_ = true;
  ++life_;
  node_ = Id::of_name(name + "/" + std::to_string(life_));
  const ChatPlan& plan = shared_.plan;
  skew_ = shared_.random.between(Duration(0), 2 * plan.skew_most) - plan.skew_most;
  chat::ChatCoreOptions options{.node = node_, .limits = {.posts = plan.keep_posts}};
  if (plan.mesh && !hidden) options.endpoints = {name};
  core_ = std::make_unique<chat::ChatCore>(std::move(options));
  for (const chat::Post& post : disk_) {
    core_->restore(post);
    next_[post.author] = post.seq + 1;
  }
  core_->set_nick(nick, moment());
  core_->join(nick, {"lobby"}, moment());
  if (guest_here) core_->join(guest, {"lobby", "attic"}, moment());
  for (std::size_t pair : pairs) shared_.network.seek(pair);
  step();
}

void ChatNode::forget() {
  core_.reset();
  dialling_.clear();
  next_.clear();
  told_.clear();
}

chat::Moment ChatNode::moment() const {
  Time now = shared_.schedule.now();
  auto wall = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch() + skew_);
  return {now, epoch_ms + static_cast<std::uint64_t>(wall.count())};
}

bool ChatNode::dials(const ChatNode& other) const {
  bool wants = known.contains(&other) || dialling_.contains(other.name);
  return alive_ && !other.hidden && wants;
}

bool ChatNode::holds(const PostKey& key) const {
  if (core_ && core_->log().find(key.first, key.second) != nullptr) return true;
  return std::ranges::any_of(disk_, [&](const auto& post) { return key_of(post) == key; });
}

/// What only this node had, and has no more, is excused.
void ChatNode::on_crash() {
  std::vector<chat::Post> had = posts();
  had.insert(had.end(), disk_.begin(), disk_.end());
  core_.reset();
  lose_disk();
  for (const chat::Post& post : had) {
    Made& made = shared_.made.at(key_of(post));
    bool safe = made.excused || std::ranges::any_of(shared_.nodes, [&](const auto& node) {
                  return !node->ended && node->holds(key_of(post));
                });
    if (!safe) made.excused = shared_.any_excused = true;
  }
}

void ChatNode::lose_disk() {
  if (!keeps || ended) {
    disk_.clear();
  } else if (shared_.random.chance(shared_.plan.set_back)) {
    disk_.resize(std::min(copied_, disk_.size()));
  }
  if (shared_.random.chance(0.5)) copied_ = disk_.size();
}

void ChatNode::on_up(net::PeerId session, Endpoint& other) {
  core_->on_up(session, dynamic_cast<ChatNode&>(other).node_, moment());
  step();
}

void ChatNode::on_message(net::PeerId session, wire::Message message) {
  Result<wire::chat::Any> decoded = wire::chat::decode(message);
  if (!decoded) {
    shared_.broken(name + " got what it cannot read: " + decoded.reason());
    return;
  }
  core_->on_message(session, std::move(*decoded), moment());
  step();
}

void ChatNode::on_down(net::PeerId session, bool left) {
  core_->on_down(session, left, moment());
  step();
}

/// Commits, then sends (CHAT-6), then sees to the rest. A torn step ends before or after the
/// commit.
void ChatNode::step() {
  bool torn = shared_.faults_on && shared_.random.chance(shared_.plan.torn);
  bool commits = !torn || shared_.random.chance(0.5);
  if (commits) {
    for (chat::Post& post : core_->take_posts_to_store()) {
      if (post.author == node_) shared_.made.at(key_of(post)).stored = true;
      if (keeps) disk_.push_back(std::move(post));
    }
  }
  if (torn) {
    crash_and_restart(3s);
    return;
  }
  Node::post(core_->take_outbox());
  shared_.last_seen[nick] = shared_.schedule.now();
  if (guest_here) shared_.last_seen[guest] = shared_.schedule.now();
  for (const chat::Event& event : core_->take_events()) {
    std::visit([this](const auto& content) { take(content); }, event);
  }
  for (const chat::Dial& dial : core_->take_dials()) {
    if (dial.begin) {
      dialling_.insert(dial.endpoint);
      for (std::size_t pair : pairs) shared_.network.seek(pair);
    } else {
      dialling_.erase(dial.endpoint);
    }
  }
  wake(core_->next_tick(), [this] {
    core_->tick(moment());
    step();
  });
}

void ChatNode::take(const chat::Arrived& arrived) {
  const chat::Post& post = arrived.post;
  auto made = shared_.made.find(key_of(post));
  bool same = made != shared_.made.end() && made->second.text == post.text &&
              made->second.clock == post.clock;
  if (!same) shared_.broken(name + " has another post than its author made");
  std::uint64_t& next = next_[post.author];
  bool gap_allowed = shared_.trims();
  if (post.seq < next || (post.seq > next && !gap_allowed)) {
    shared_.broken(name + " has a gap, or a post twice");
  }
  next = post.seq + 1;
}

void ChatNode::take(const chat::PresenceChange& change) {
  chat::State& before = told_[change.nick];
  if (change.state != chat::State::here && change.state == before) {
    shared_.broken(name + " says twice that somebody is not here");
  }
  before = change.state;
  auto seen = shared_.last_seen.find(change.nick);
  bool dead =
      seen == shared_.last_seen.end() || shared_.schedule.now() - seen->second > here_at_most;
  if (change.state == chat::State::here && dead) {
    shared_.broken(name + " says that " + change.nick + " is here, who is dead");
  }
}

void ChatNode::take(const chat::DirectArrived& direct) {
  Sent& sent = shared_.directs[direct.message.id];
  if (++sent.delivered > 1) shared_.broken("a direct message was delivered twice");
  bool ours = direct.message.to == nick || direct.message.to == guest;
  if (!ours) shared_.broken("a direct message went to another one");
}

void ChatNode::take(const chat::DirectEnded& ending) {
  Sent& sent = shared_.directs[ending.id];
  if (++sent.ended > 1) shared_.broken("a direct message ended twice");
  sent.ending = ending.ending;
  if (ending.ending == chat::Ending::delivered && sent.delivered == 0) {
    shared_.broken("a direct message is said to be delivered, and was not");
  }
}

/// CHAT-2: above all that it holds but what comes from clocks that are far ahead.
void ChatNode::check_clock(const chat::Place& place) const {
  std::uint64_t limit = (moment().wall_ms + 60'000) << 16;
  for (const chat::Post& post : posts()) {
    bool own = post.author == place.author;
    bool before = own ? post.seq < place.seq : post.clock <= limit;
    bool itself = own && post.seq == place.seq;
    if (before && !itself && post.clock >= place.clock) {
      shared_.broken(name + " put a post before one that it answers");
    }
  }
}

void ChatNode::post() {
  if (!alive_) return;
  std::string text = "post " + std::to_string(++shared_.texts);
  chat::PostLog const& log = core_->log();
  PostKey key{node_, log.next(node_)};
  Made& made = shared_.made[key];
  const char* const rooms[] = {"lobby", "attic"};
  chat::Place place = core_->post(nick, rooms[shared_.random.between(0, 1)], wire::chat::Kind::says,
                                  text, moment());
  made = {.text = text, .clock = place.clock};
  check_clock(place);
  step();
}

void ChatNode::send_direct(const std::string& to, bool must_arrive) {
  if (!alive_) return;
  std::string text = "direct " + std::to_string(++shared_.texts);
  Id id = core_->direct(nick, to, text, moment());
  Sent& sent = shared_.directs[id];
  sent.origin = this;
  sent.life = life_;
  sent.must_arrive = must_arrive;
  step();
}

void ChatNode::toggle_guest() {
  if (!alive_) return;
  guest_here = !guest_here;
  if (guest_here) {
    core_->join(guest, {"lobby", "attic"}, moment());
  } else {
    core_->leave(guest, moment());
  }
  step();
}

void ChatNode::say_goodbye() {
  if (!alive_) return;
  core_->close(moment());
  step();
  if (!alive_) return;
  // A goodbye comes after all that was sent before it.
  later(shared_.network.faults.delay_most, [this] {
    ended = true;
    on_crash();
    leave();
  });
}

}  // namespace shoal::sim
