#include "node.hpp"

namespace shoal::sim {

using namespace std::chrono_literals;

void Node::crash() {
  if (!alive_) return;
  alive_ = false;
  ++crashes_;
  ++incarnation_;
  forget();
  surroundings_.network.gone(*this, false);
}

void Node::crash_and_restart(Duration most_pause) {
  crash();
  surroundings_.schedule.in(surroundings_.random.between(Duration(1ms), most_pause),
                            [this] { start(); });
}

void Node::leave() {
  alive_ = false;
  ++incarnation_;
  surroundings_.network.gone(*this, true);
  // The core that is leaving is on the stack: it goes a moment later.
  surroundings_.schedule.in(Duration(0), [this, incarnation = incarnation_] {
    if (incarnation == incarnation_) forget();
  });
}

void Node::later(Duration delay, std::function<void()> event) {
  surroundings_.schedule.in(delay, [this, incarnation = incarnation_, event = std::move(event)] {
    if (alive_ && incarnation == incarnation_) event();
  });
}

}  // namespace shoal::sim
