#include <shoal/reqrep/breakers.hpp>

namespace shoal::reqrep {
namespace {

// A breaker outlives its session by so many pauses.
constexpr int keep_pauses = 4;

}  // namespace

Breakers::State Breakers::Switch::state(Time now) const {
  if (state_ == State::open && now >= until_) return State::half_open;
  return state_;
}

void Breakers::Switch::succeeded(bool probe) {
  // What was sent before it opened does not close it: the probe does.
  if (!probe && state_ != State::closed) return;
  state_ = State::closed;
  failures_ = 0;
}

void Breakers::Switch::failed(bool probe, const Breaker& rule, Time now) {
  if (!probe && state_ != State::closed) return;
  ++failures_;
  bool opens = probe || (rule.failures > 0 && failures_ >= rule.failures);
  if (!opens) return;
  state_ = State::open;
  until_ = now + rule.pause;
}

void Breakers::Switch::probe_lost() {
  if (state_ == State::probing) state_ = State::open;
}

Breakers::Switch& Breakers::attach(const Id& node, Time now) {
  forget(now);
  Switch& one = nodes_[node];
  one.attached_ = true;
  return one;
}

void Breakers::detach(const Id& node, Time now) {
  auto found = nodes_.find(node);
  if (found == nodes_.end()) return;
  found->second.attached_ = false;
  found->second.detached_ = now;
  if (found->second.failures_ == 0) nodes_.erase(found);
  forget(now);
}

void Breakers::forget(Time now) {
  std::erase_if(nodes_, [&](const auto& entry) {
    const Switch& one = entry.second;
    return !one.attached_ && now - one.detached_ > keep_pauses * rule_.pause;
  });
}

}  // namespace shoal::reqrep
