#include "network.hpp"

#include <algorithm>

namespace shoal::sim {

using namespace std::chrono_literals;

void Network::introduce(Endpoint& a, Endpoint& b) {
  pairs_.push_back({.a = &a, .b = &b});
  connect(pairs_.size() - 1);
}

std::size_t Network::introduce(Endpoint& a, Endpoint& b, std::function<bool()> wanted) {
  pairs_.push_back({.a = &a, .b = &b, .wanted = std::move(wanted)});
  return pairs_.size() - 1;
}

void Network::seek(std::size_t index) {
  Pair& pair = pairs_[index];
  if (!std::exchange(pair.seeking, true)) connect(index);
}

/// Whether a pair that is linked only while it wants to be has nothing to seek now.
bool Network::give_up(std::size_t index) {
  Pair& pair = pairs_[index];
  if (!pair.wanted || (pair.session == 0 && pair.wanted())) return false;
  pair.seeking = false;
  return true;
}

void Network::connect(std::size_t index) {
  schedule_.in(random_.between(Duration(1ms), Duration(300ms)), [this, index] {
    if (give_up(index)) return;
    Pair& pair = pairs_[index];
    bool possible = pair.a->alive() && pair.b->alive() && !pair.cut && pair.session == 0;
    if (possible) {
      net::PeerId id = next_session_++;
      pair.session = id;
      sessions_[id] = {.pair = index, .open = {pair.a, pair.b}};
      pair.a->on_up(id, *pair.b);
      if (sessions_.contains(id)) pair.b->on_up(id, *pair.a);
    }
    connect(index);
  });
}

void Network::send(Endpoint& from, net::PeerId id, wire::Message message) {
  auto session = sessions_.find(id);
  if (session == sessions_.end()) return;
  const Pair& pair = pairs_[session->second.pair];
  Endpoint* to = pair.a == &from ? pair.b : pair.a;
  if (pair.cut || session->second.cut || random_.chance(faults.loss)) return;
  deliver(id, to, message);
  if (random_.chance(faults.repeat)) deliver(id, to, message);
}

void Network::deliver(net::PeerId id, Endpoint* to, const wire::Message& message) {
  Duration delay = random_.between(Duration(10us), faults.delay_most);
  Time& last = sessions_.at(id).last_arrival[to];
  if (!faults.overtaking) delay = std::max(delay, last - schedule_.now());
  last = std::max(last, schedule_.now() + delay);
  schedule_.in(delay, [this, id, to, message] {
    auto session = sessions_.find(id);
    if (session == sessions_.end() || std::ranges::count(session->second.open, to) == 0) return;
    to->on_message(id, message);
  });
}

void Network::drop(net::PeerId id) {
  if (sessions_.contains(id)) end(id, nullptr, false);
}

void Network::gone(Endpoint& node, bool left) {
  for (Pair& pair : pairs_) {
    if ((pair.a == &node || pair.b == &node) && pair.session != 0) end(pair.session, &node, left);
  }
}

/// Ends a session: `by` knows at once (nobody does when it is null), the others within seconds.
void Network::end(net::PeerId id, Endpoint* by, bool left) {
  Session& session = sessions_.at(id);
  if (by != nullptr) std::erase(session.open, by);
  for (Endpoint* side : session.open) {
    Duration notice = random_.between(Duration(0), Duration(left ? 5ms : 3s));
    schedule_.in(notice, [this, id, side, left] { close_side(id, side, left); });
  }
  if (session.open.empty()) forget(id);
}

void Network::forget(net::PeerId id) {
  std::size_t pair = sessions_.at(id).pair;
  pairs_[pair].session = 0;
  sessions_.erase(id);
  if (pairs_[pair].wanted) seek(pair);
}

void Network::close_side(net::PeerId id, Endpoint* side, bool left) {
  auto session = sessions_.find(id);
  if (session == sessions_.end() || std::erase(session->second.open, side) == 0) return;
  if (session->second.open.empty()) forget(id);
  if (side->alive()) side->on_down(id, left);
}

void Network::partition(std::size_t index, Duration length) {
  Pair& pair = pairs_[index];
  if (pair.cut) return;
  pair.cut = true;
  if (pair.session != 0) {
    // Nothing comes through after what was lost, even if the way is open again before the end.
    sessions_.at(pair.session).cut = true;
    end(pair.session, nullptr, false);
  }
  schedule_.in(length, [this, index] { pairs_[index].cut = false; });
}

}  // namespace shoal::sim
