#include <algorithm>
#include <deque>

#include <shoal/chat/roster.hpp>

namespace shoal::chat {
namespace {

using namespace std::chrono_literals;

constexpr Duration forgotten_after = 10min;  // CHAT-7
constexpr Duration away_after = 25s;         // CHAT-9
constexpr Duration dial_after = 5s;          // CHAT-8
constexpr Duration look_every = 1s;

// What strangers can make us remember.
constexpr std::size_t most_records = 2000;
constexpr std::size_t most_users_in_all = 100'000;
constexpr std::size_t most_dials = 1000;

}  // namespace

Roster::Roster(Id self, std::vector<std::string> endpoints)
    : self_(self), own_endpoints_(endpoints.begin(), endpoints.end()) {}

State Roster::state_of(const Record& record, Time now) const {
  if (record.about.left) return State::gone;
  bool own = record.about.node == self_;
  bool fresh = now - record.made <= away_after;
  return own || record.session != 0 || fresh ? State::here : State::away;
}

void Roster::set_own(About about, Time now) {
  Record& record = records_[self_];
  record.made = now;
  replace_users(record, about, now);
  record.about = std::move(about);
}

void Roster::put_own(const std::string& nick, const std::vector<std::string>& rooms, Time now) {
  Record& record = records_[self_];
  record.about.node = self_;
  record.made = now;
  record.state = State::here;
  users_ += record.about.users.insert_or_assign(nick, rooms).second ? 1 : 0;
  presence_.put(nick, self_, State::here, rooms, now);
}

void Roster::remove_own(const std::string& nick, Time now) {
  users_ -= records_[self_].about.users.erase(nick);
  presence_.remove(nick, self_, now);
}

bool Roster::has_room(const About& about) const {
  auto known = records_.find(about.node);
  if (known == records_.end() && records_.size() >= most_records) return false;
  std::size_t before = known == records_.end() ? 0 : known->second.about.users.size();
  return users_ - before + about.users.size() <= most_users_in_all;
}

std::optional<std::vector<Id>> Roster::learn(About about, Time now) {
  bool stale = about.node == self_ || about.age > forgotten_after;
  if (stale || !has_room(about)) return std::nullopt;
  auto known = records_.find(about.node);
  if (known != records_.end() && known->second.about.version >= about.version) return std::nullopt;
  Record& record = records_[about.node];
  if (known == records_.end()) {
    auto session = sessions_.find(about.node);
    record.session = session == sessions_.end() ? 0 : session->second;
    record.alone = now;
  }
  record.made = now - about.age;
  if (about.left) about.users.clear();
  replace_users(record, about, now);
  std::vector<Id> parted;
  std::ranges::sort(about.links);
  std::ranges::set_difference(record.about.links, about.links, std::back_inserter(parted));
  record.about = std::move(about);
  record.state = state_of(record, now);
  consider_dialling(record, now);
  next_look_ = std::min(next_look_, now + look_every);
  return parted;
}

/// Makes presence what `about`, the record's next content, says.
void Roster::replace_users(Record& record, About& about, Time now) {
  Record next{.about = {}, .made = record.made, .session = record.session};
  next.about.node = about.node;
  next.about.left = about.left;
  State state = state_of(next, now);
  for (auto& [nick, rooms] : about.users) {
    std::ranges::sort(rooms);
    auto before = record.about.users.find(nick);
    bool same = before != record.about.users.end() && before->second == rooms;
    if (!same || state != record.state) presence_.put(nick, about.node, state, rooms, now);
  }
  for (const auto& [nick, rooms] : record.about.users) {
    if (!about.users.contains(nick)) presence_.remove(nick, about.node, now);
  }
  users_ += about.users.size() - record.about.users.size();
  record.state = state;
}

/// Tells presence when the users of a record have become here or away by themselves.
void Roster::refresh(Record& record, Time now) {
  State state = state_of(record, now);
  if (state == record.state) return;
  record.state = state;
  for (const auto& [nick, rooms] : record.about.users) {
    presence_.put(nick, record.about.node, state, rooms, now);
  }
}

void Roster::on_up(PeerId peer, const Id& node, Time now) {
  sessions_[node] = peer;
  auto record = records_.find(node);
  if (record == records_.end()) return;
  record->second.session = peer;
  refresh(record->second, now);
}

void Roster::on_down(PeerId peer, const Id& node, bool left, Time now) {
  auto session = sessions_.find(node);
  if (session == sessions_.end() || session->second != peer) return;
  sessions_.erase(session);
  auto found = records_.find(node);
  if (found == records_.end()) return;
  Record& record = found->second;
  record.session = 0;
  record.alone = now;
  if (left && !record.about.left) {
    About gone{.node = node, .version = record.about.version, .left = true};
    replace_users(record, gone, now);
    record.about = std::move(gone);
  }
  refresh(record, now);
  consider_dialling(record, now);
}

std::optional<About> Roster::record(const Id& node, Time now) const {
  auto found = records_.find(node);
  if (found == records_.end()) return std::nullopt;
  About about = found->second.about;
  about.age = now - found->second.made;
  if (about.age > forgotten_after) return std::nullopt;
  return about;
}

std::vector<About> Roster::records(Time now) const {
  std::vector<About> all;
  for (const auto& [node, record] : records_) {
    std::optional<About> about = this->record(node, now);
    if (about) all.push_back(std::move(*about));
  }
  return all;
}

bool Roster::links(const Id& node, const Id& other) const {
  auto record = records_.find(node);
  return record != records_.end() && std::ranges::binary_search(record->second.about.links, other);
}

/// Breadth first from us. Every node's own record says whom it can reach next.
std::optional<PeerId> Roster::next_hop(const Id& target) const {
  auto direct = sessions_.find(target);
  if (direct != sessions_.end()) return direct->second;
  std::map<Id, PeerId> reached;  // and over which session
  std::deque<Id> open;
  for (const auto& [node, session] : sessions_) {
    reached.emplace(node, session);
    open.push_back(node);
  }
  for (; !open.empty(); open.pop_front()) {
    auto record = records_.find(open.front());
    if (record == records_.end() || record->second.state != State::here) continue;
    PeerId session = reached.at(open.front());
    for (const Id& next : record->second.about.links) {
      if (next == target) return session;
      if (next != self_ && reached.emplace(next, session).second) open.push_back(next);
    }
  }
  return std::nullopt;
}

std::vector<Id> Roster::find(const std::string& nick) const {
  std::vector<Id> all = presence_.nodes_of(nick);
  std::vector<Id> within_reach;
  std::ranges::copy_if(all, std::back_inserter(within_reach),
                       [&](const Id& node) { return node == self_ || next_hop(node); });
  return within_reach.empty() ? all : within_reach;
}

std::vector<Id> Roster::linked() const {
  std::vector<Id> nodes;
  for (const auto& [node, session] : sessions_) nodes.push_back(node);
  return nodes;
}

std::vector<Peer> Roster::peers(Time now) const {
  std::vector<Peer> peers;
  for (const auto& [node, record] : records_) {
    const About& about = record.about;
    peers.push_back({.node = node,
                     .nick = about.nick,
                     .endpoints = about.endpoints,
                     .linked = record.session != 0,
                     .left = about.left,
                     .here = state_of(record, now) == State::here,
                     .age = now - record.made,
                     .users = about.users.size()});
  }
  return peers;
}

void Roster::consider_dialling(const Record& record, Time now) {
  const Id& node = record.about.node;
  if (node == self_ || record.about.left || record.session != 0) return;
  if (self_ > node && now - record.alone < dial_after) return;
  for (const std::string& endpoint : record.about.endpoints) {
    if (own_endpoints_.contains(endpoint) || dialling_.size() >= most_dials) continue;
    if (dialling_.insert(endpoint).second) dials_.push_back({endpoint, true});
  }
}

/// Ends the dials of endpoints where nobody is known any more.
void Roster::stop_dials() {
  std::set<std::string> wanted;
  for (const auto& [node, record] : records_) {
    if (record.about.left) continue;
    wanted.insert(record.about.endpoints.begin(), record.about.endpoints.end());
  }
  std::erase_if(dialling_, [&](const std::string& endpoint) {
    if (wanted.contains(endpoint)) return false;
    dials_.push_back({endpoint, false});
    return true;
  });
}

Roster::Records::iterator Roster::forget(Records::iterator record, Time now) {
  for (const auto& [nick, rooms] : record->second.about.users) {
    presence_.remove(nick, record->first, now);
  }
  users_ -= record->second.about.users.size();
  return records_.erase(record);
}

void Roster::tick(Time now) {
  if (now >= next_look_) {
    for (auto record = records_.begin(); record != records_.end();) {
      bool own = record->first == self_;
      if (!own && now - record->second.made > forgotten_after) {
        record = forget(record, now);
        continue;
      }
      refresh(record->second, now);
      consider_dialling(record->second, now);
      ++record;
    }
    stop_dials();
    bool others = records_.size() > records_.count(self_);
    next_look_ = others ? now + look_every : never;
  }
  presence_.tick(now);
}

}  // namespace shoal::chat
