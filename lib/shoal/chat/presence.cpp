#include <algorithm>

#include <shoal/chat/presence.hpp>

namespace shoal::chat {
namespace {

/// What lasts less long than this is no change (CHAT-9).
constexpr Duration fold = std::chrono::seconds(10);

}  // namespace

std::string text_of(State state) {
  switch (state) {
    case State::here:
      return "here";
    case State::away:
      return "away";
    case State::gone:
      break;
  }
  return "gone";
}

State Presence::state_of(const Entry& entry) {
  State best = State::gone;
  for (const auto& [node, seat] : entry.seats) best = std::max(best, seat.state);
  return best;
}

std::vector<std::string> Presence::rooms_of(const Entry& entry) {
  State best = state_of(entry);
  std::set<std::string> rooms;
  for (const auto& [node, seat] : entry.seats) {
    if (seat.state == best) rooms.insert(seat.rooms.begin(), seat.rooms.end());
  }
  return {rooms.begin(), rooms.end()};
}

void Presence::put(const std::string& nick, const Id& node, State state,
                   std::vector<std::string> rooms, Time now) {
  Entry& entry = entries_[nick];
  entry.seats[node] = {state, std::move(rooms)};
  update(nick, entry, now);
}

void Presence::remove(const std::string& nick, const Id& node, Time now) {
  auto entry = entries_.find(nick);
  if (entry == entries_.end() || entry->second.seats.erase(node) == 0) return;
  update(nick, entry->second, now);
}

void Presence::set_due(const std::string& nick, Entry& entry, Time due) {
  if (entry.due != never) due_.erase({entry.due, nick});
  entry.due = due;
  if (due != never) due_.insert({due, nick});
}

/// `nick` must not be the key of the entry itself, which may go.
void Presence::update(const std::string& nick, Entry& entry, Time now) {
  State state = state_of(entry);
  if (state == entry.told || state == State::here) {
    set_due(nick, entry, never);
    bool news =
        state != entry.told || (state == State::here && rooms_of(entry) != entry.told_rooms);
    if (news) tell(nick, entry, now);
  } else if (entry.due == never) {
    set_due(nick, entry, now + fold);
  }
  if (state == State::gone && entry.told == State::gone) {
    set_due(nick, entry, never);
    entries_.erase(nick);
  }
}

void Presence::tell(const std::string& nick, Entry& entry, Time now) {
  State state = state_of(entry);
  if (state != entry.told) entry.since = now;
  entry.told = state;
  entry.told_rooms = rooms_of(entry);
  changes_.push_back({nick, state, entry.told_rooms});
}

void Presence::tick(Time now) {
  while (!due_.empty() && due_.begin()->first <= now) {
    std::string nick = due_.begin()->second;
    Entry& entry = entries_.at(nick);
    set_due(nick, entry, never);
    tell(nick, entry, now);
    update(nick, entry, now);
  }
}

std::vector<Id> Presence::nodes_of(const std::string& nick) const {
  std::vector<Id> nodes;
  auto entry = entries_.find(nick);
  if (entry == entries_.end()) return nodes;
  for (const auto& [node, seat] : entry->second.seats) nodes.push_back(node);
  return nodes;
}

std::vector<User> Presence::users() const {
  std::vector<User> users;
  for (const auto& [nick, entry] : entries_) {
    if (entry.told == State::gone) continue;
    users.push_back({nick, entry.told, entry.since, entry.told_rooms, entry.seats.size()});
  }
  return users;
}

}  // namespace shoal::chat
