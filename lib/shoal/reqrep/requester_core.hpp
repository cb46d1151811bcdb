#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include <shoal/base/clock.hpp>
#include <shoal/base/id.hpp>
#include <shoal/net/core_outbox.hpp>
#include <shoal/wire/reqrep_messages.hpp>

namespace shoal::reqrep {

using net::PeerId;
using wire::reqrep::Headers;
using wire::reqrep::Reply;
using Outbox = net::CoreOutbox<wire::reqrep::Any>;

/// When a replier that fails is left alone: after `failures` in a row, for `pause`; then one
/// request is its probe.
struct Breaker {
  std::uint32_t failures = 5;
  Duration pause = std::chrono::seconds(5);
};

struct RequesterCoreOptions {
  std::uint32_t retries = 3;  ///< further attempts after the first
  Breaker breaker{};
  bool notify = false;       ///< no reply is awaited
  bool scatter = false;      ///< every request goes to every replier, and replies are gathered
  std::uint32_t wanted = 0;  ///< scatter: replies that are enough; 0: one from each
  std::string return_to{};   ///< where the last of a chain answers; empty: the way back
  Duration ahead = std::chrono::milliseconds(100);      ///< of work sent to one replier
  Duration busy_pause = std::chrono::milliseconds(20);  ///< before a busy replier is asked again
};

/// A request as its asker gives it.
struct Ask {
  Id id = Id::random();
  Bytes body;
  Time deadline{};
  Headers headers{};
  std::uint32_t hops = 0;   ///< how many repliers it has passed already
  std::string return_to{};  ///< in place of the option's, where it was passed on
};

/// How a request ended, for the asker.
struct Ended {
  enum class Kind {
    answered,     ///< `replies` has the answer, or in scatter all that were wanted
    timed_out,    ///< at its deadline; in scatter `replies` has what came
    nobody,       ///< no replier was there by the deadline
    breakers,     ///< every replier's breaker is open
    unreachable,  ///< the retries are used up; `reason` says how the last one failed
  };

  struct Answer {
    Id replier;  ///< the node that made it
    Reply reply;
  };

  Id id;
  Kind kind = Kind::answered;
  std::vector<Answer> replies{};
  std::string reason{};
  std::uint32_t attempts = 0;
};

/// The asking side of request/reply as a state machine (PROTOCOL.md, "Request/reply"): sends each
/// request to the replier that will have it done first, again elsewhere when one fails, and ends it
/// exactly once. How many are offered at a time is the caller's: nothing here is bounded but by
/// that. No I/O and no clock.
class RequesterCore {
 public:
  explicit RequesterCore(RequesterCoreOptions options);

  /// A session with a replier; `slots` is what its HELLO says.
  void on_up(PeerId peer, const Id& node, std::uint32_t slots, Time now);
  void on_message(PeerId peer, wire::reqrep::Any message, Time now);
  void on_down(PeerId peer, const std::string& reason, Time now);

  /// A message at the return address; `got` is answered to the same session of that Port.
  void on_direct(PeerId peer, wire::reqrep::Any message, Time now);

  /// Whether every endpoint that was given has a session: then nobody else is waited for in
  /// scatter.
  void set_all_dialled(bool all);

  /// New requests; their ids must be in no use.
  void offer(std::vector<Ask> asks, Time now);

  /// Ends a request without a word to its asker, who has given it up.
  void cancel(const Id& id, Time now);

  void tick(Time now);
  Time next_tick() const;  ///< `never` when there is nothing to wait for

  std::vector<Ended> take_ended() { return std::exchange(ended_, {}); }
  Outbox take_outbox() { return outbox_.take(); }
  Outbox take_direct_outbox() { return direct_outbox_.take(); }

  std::uint64_t open() const;     ///< requests that have not ended
  std::uint64_t ended() const;    ///< so far
  std::uint64_t retried() const;  ///< attempts after a first
  std::uint64_t stray() const;    ///< replies that were late, repeated or not asked for
  std::size_t repliers() const;   ///< sessions now

 private:
  std::vector<Ended> ended_;
  Outbox outbox_;
  Outbox direct_outbox_;
};

}  // namespace shoal::reqrep
