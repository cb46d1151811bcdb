#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>

#include <shoal/base/clock.hpp>
#include <shoal/base/id.hpp>

namespace shoal::reqrep {

/// When a replier that fails is left alone: after `failures` in a row (never with 0), for `pause`;
/// then one request is its probe.
struct Breaker {
  std::uint32_t failures = 5;
  Duration pause = std::chrono::seconds(5);
};

/// The breakers of all repliers, by node, kept for a while after their sessions (PROTOCOL.md,
/// REQ-9).
class Breakers {
 public:
  enum class State {
    closed,
    open,       ///< nothing is sent
    half_open,  ///< one request may be sent, as the probe
    probing,    ///< the probe is out
  };

  /// One node's, whose address lasts as long as the session that asked for it.
  class Switch {
   public:
    State state(Time now) const;
    Time reopens() const { return state_ == State::open ? until_ : never; }

    /// The answer to a request, or that there was none. Of a probe, it decides.
    void succeeded(bool probe);
    void failed(bool probe, const Breaker& rule, Time now);

    void probe_sent() { state_ = State::probing; }
    /// The probe ended otherwise: another may be sent.
    void probe_lost();

   private:
    friend class Breakers;
    State state_ = State::closed;  // half-open is open with a pause that is over
    std::uint32_t failures_ = 0;   // in a row
    Time until_{};
    bool attached_ = false;
    Time detached_{};
  };

  explicit Breakers(Breaker rule) : rule_(rule) {}

  const Breaker& rule() const { return rule_; }

  /// A session with `node` began, or ended.
  Switch& attach(const Id& node, Time now);
  void detach(const Id& node, Time now);

  std::size_t size() const { return nodes_.size(); }

 private:
  void forget(Time now);

  Breaker rule_;
  std::unordered_map<Id, Switch> nodes_;
};

}  // namespace shoal::reqrep
