#pragma once

#include <algorithm>
#include <functional>
#include <utility>

#include "network.hpp"

namespace shoal::sim {

/// A node of a simulated world that can crash, leave and be started again.
class Actor : public Endpoint {
 public:
  Actor(Schedule& schedule, Network& network) : schedule_(schedule), network_(network) {}
  bool alive() const override { return alive_; }

  virtual void start() = 0;

  void crash() {
    if (!alive_) return;
    alive_ = false;
    ++incarnation_;
    wake_at_ = never;
    on_crash();
    forget();
    network_.gone(*this, false);
  }

 protected:
  /// Lets the core go.
  virtual void forget() = 0;
  virtual void on_crash() {}

  /// Runs `event` later unless the node has crashed meanwhile.
  void later(Duration delay, std::function<void()> event) {
    schedule_.in(delay, [this, incarnation = incarnation_, event = std::move(event)] {
      if (alive_ && incarnation == incarnation_) event();
    });
  }

  void leave() {
    alive_ = false;
    ++incarnation_;
    network_.gone(*this, true);
    // The core that is leaving is on the stack: it goes a moment later.
    schedule_.in(Duration(0), [this, incarnation = incarnation_] {
      if (incarnation == incarnation_) forget();
    });
  }

  /// Runs `event` at `next`, unless it is to run sooner already. Virtual time always passes.
  void wake(Time next, std::function<void()> event) {
    next = std::max(next, schedule_.now() + std::chrono::milliseconds(1));
    if (next >= wake_at_) return;
    wake_at_ = next;
    later(next - schedule_.now(), [this, next, event = std::move(event)] {
      if (wake_at_ != next) return;
      wake_at_ = never;
      event();
    });
  }

  bool alive_ = false;
  int incarnation_ = 0;  // tells events of a former life

 private:
  Schedule& schedule_;
  Network& network_;
  Time wake_at_ = never;
};

}  // namespace shoal::sim
