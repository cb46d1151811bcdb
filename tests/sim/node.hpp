#pragma once

#include <functional>
#include <string>

#include "network.hpp"

namespace shoal::sim {

/// What every node of a world needs.
struct Surroundings {
  Schedule schedule;
  Random random;
  Network network{schedule, random};
  bool faults_on = true;

  explicit Surroundings(std::uint64_t seed) : random(seed) {}
};

/// A node that can crash and be started again.
class Node : public Endpoint {
 public:
  explicit Node(Surroundings& surroundings) : surroundings_(surroundings) {}
  bool alive() const override { return alive_; }

  virtual void start() = 0;
  void crash();
  void crash_and_restart(Duration most_pause);

  int crashes() const { return crashes_; }  ///< how often it was killed alive

  /// What went wrong in this node that never may: it blamed an honest peer, or miscounted. Empty
  /// when nothing did.
  const std::string& fault() const { return fault_; }

 protected:
  /// Drops what a process keeps in memory.
  virtual void forget() = 0;

  /// Runs `event` later unless the node has crashed or left meanwhile.
  void later(Duration delay, std::function<void()> event);
  void leave();

  /// Sends what a core wants sent.
  template <typename OutboxType>
  void post(OutboxType outbox) {
    for (auto& envelope : outbox.envelopes) {
      surroundings_.network.send(*this, envelope.to, encode(envelope.message));
    }
    if (!outbox.faults.empty()) fault_ = "it blamed a peer: " + outbox.faults.front().reason;
  }

  Surroundings& surroundings_;
  bool alive_ = false;
  std::string fault_;

 private:
  int incarnation_ = 0;  // tells events of a former life
  int crashes_ = 0;
};

}  // namespace shoal::sim
