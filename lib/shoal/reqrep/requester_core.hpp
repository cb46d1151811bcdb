#pragma once

#include <cstdint>
#include <limits>
#include <list>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <shoal/base/clock.hpp>
#include <shoal/base/id.hpp>
#include <shoal/base/id_map.hpp>
#include <shoal/base/recycling.hpp>
#include <shoal/net/core_outbox.hpp>
#include <shoal/reqrep/breakers.hpp>
#include <shoal/reqrep/deadlines.hpp>
#include <shoal/reqrep/pace.hpp>
#include <shoal/wire/reqrep_messages.hpp>

namespace shoal::reqrep {

using net::PeerId;
using wire::reqrep::Headers;
using wire::reqrep::Reply;
using Outbox = net::CoreOutbox<wire::reqrep::Any>;

struct RequesterCoreOptions {
  std::uint32_t retries = 3;  ///< further attempts after the first
  Breaker breaker{};
  bool notify = false;       ///< no reply is awaited
  bool scatter = false;      ///< every request goes to every replier, and replies are gathered
  std::uint32_t wanted = 0;  ///< scatter: replies that are enough; 0: one from each
  std::string return_to{};   ///< where the last of a chain answers; empty, or scatter: the way back
  std::uint64_t max_reply = std::numeric_limits<std::uint64_t>::max();  ///< bytes of one
  Duration ahead = std::chrono::milliseconds(100);      ///< of work sent to one replier
  Duration busy_pause = std::chrono::milliseconds(20);  ///< before a busy replier is asked again
};

/// A request as its asker gives it.
struct Ask {
  Id id = Id::random();
  Bytes body;
  Time deadline{};
  Headers headers{};
  std::uint32_t hops = 0;   ///< how many repliers it has passed already; for one that has, that it
                            ///< was `delivered` is an answer
  std::string return_to{};  ///< in place of the option's, where it was passed on
  std::vector<Id> path{};   ///< the repliers that wait for it, where it was passed on
};

/// How a request ended, for the asker.
struct Ended {
  enum class Kind {
    answered,     ///< `replies` has the answer, or why there can be none (`unfit`), or in scatter
                  ///< all that were wanted; there each that was asked counts, also with `failed`
    timed_out,    ///< at its deadline; in scatter `replies` has what came
    nobody,       ///< no replier was there by the deadline
    breakers,     ///< every replier's breaker is open
    circle,       ///< it came back to a replier that waits for it, whoever was asked
    unreachable,  ///< the retries are used up, and `reason` says how the last one failed; in
                  ///< scatter fewer replies came than were wanted
  };

  struct Answer {
    Id replier;  ///< the node that made it; nil: nobody was asked
    Reply reply;
  };
  using Answers = std::vector<Answer, Recycling<Answer>>;

  Id id;
  Kind kind = Kind::answered;
  Answers replies{};
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

  /// A session with a replier; `slots` and `takes` (bytes of one request) are what its HELLO says.
  void on_up(PeerId peer, const Id& node, std::uint32_t slots, Time now,
             std::uint64_t takes = std::numeric_limits<std::uint64_t>::max());
  void on_message(PeerId peer, wire::reqrep::Any message, Time now);
  void on_down(PeerId peer, const std::string& reason, Time now);

  /// A message at the return address; `got` is answered to the same session of that Port.
  void on_direct(PeerId peer, wire::reqrep::Any message, Time now);

  /// Whether every endpoint that was given has a session: then nobody else is waited for in
  /// scatter. To be told before the on_up or on_down that changes it.
  void set_all_dialled(bool all);

  /// New requests. One whose id is in use takes the place of the earlier, as if that had been
  /// cancelled.
  void offer(std::vector<Ask> asks, Time now);

  /// These wait for an open request instead of those in its `path`: whoever has it is told.
  void widen(const Id& id, std::vector<Id> path);

  /// Ends a request without a word to its asker, who has given it up.
  void cancel(const Id& id, Time now);

  void tick(Time now);
  Time next_tick() const;  ///< `never` when there is nothing to wait for

  std::vector<Ended> take_ended() { return std::exchange(ended_, {}); }
  /// Requests wait until here, so that those of several events share a message.
  Outbox take_outbox();
  Outbox take_direct_outbox() { return direct_outbox_.take(); }

  std::uint64_t open() const { return index_.size() + gathers_.size(); }  ///< not ended
  std::uint64_t ended() const { return ended_count_; }                    ///< so far
  std::uint64_t retried() const { return retried_; }  ///< attempts after a first
  /// Replies that were late, repeated or not asked for. That a deadline has passed, or an answer
  /// was delivered, is no reply to a request that has ended.
  std::uint64_t stray() const { return stray_; }
  std::size_t repliers() const { return repliers_.size(); }  ///< sessions now

 private:
  struct Replier;

  struct Open;
  using OpenList = std::list<Open, Recycling<Open>>;
  using OpenPlace = OpenList::iterator;
  struct Open {
    Ask ask;
    OpenList* stands = nullptr;  // what waits, or what its replier has
    Replier* with = nullptr;     // who has it; nobody while it waits
    bool probe = false;          // of that one's breaker
    std::uint32_t attempts = 0;
    Time offered{};
    Time sent{};
    Deadlines::Place ends{};
    std::vector<Id> tried{};  // nodes that failed
    std::vector<Id> shut{};   // of these, those that are not asked again
    std::string reason{};     // how the last one failed
  };

  // scatter: one request at one replier
  struct Part {
    enum class State { waiting, asked, answered, gone, skipped };
    State state = State::waiting;
    bool probe = false;
    std::uint32_t attempts = 0;
    Time sent{};
    std::list<Id>::iterator place{};  // waiting, asked: in its replier's list
  };
  struct Gather {
    Ask ask;
    Time offered{};
    Deadlines::Place ends{};
    std::map<Id, Part> parts{};  // by node
    Ended::Answers replies{};
    std::uint32_t good = 0;  // of these, what counts as wanted
    std::string reason{};
  };

  struct Replier {
    PeerId peer = 0;
    Id node;
    std::uint64_t takes = 0;
    Pace pace;
    Breakers::Switch* breaker = nullptr;
    OpenList sent{};
    std::list<Id> queue{};  // scatter: to be sent
    std::list<Id> asked{};  // scatter: sent
    Time paused_until{};    // it was busy
    wire::reqrep::Requests forming{};
    std::size_t forming_bytes = 0;
    std::vector<Id> cancels{};

    std::size_t outstanding() const { return sent.size() + asked.size(); }
  };

  struct Candidate {  // a replier that something may be sent to, in one round
    Replier* replier = nullptr;
    double interval = 0;
    std::size_t room = 0;
    bool probe = false;
    bool paused = false;
  };

  struct Measured {  // what one message tells of its sender's pace
    std::size_t answers = 0;
    Duration latency = Duration::max();
  };

  void end(OpenPlace open, Ended ended);
  void forget(OpenPlace open);
  static void move(OpenPlace open, OpenList& to);
  void expire(Time now);
  void expire(OpenPlace open, Time now);
  bool nobody_since(Time offered) const;
  std::string settle(Replier& replier, OpenPlace open, Reply& reply, Measured& measured, Time now);
  void fail_attempt(OpenPlace open, std::string reason);
  void try_again(OpenPlace open);
  bool settle_direct(Reply& reply, Time now);
  const std::string& return_to(const Ask& ask) const;
  void note_stray(const Reply& reply);
  void answered(Replier& replier, bool probe, Time sent, Measured& measured, Time now);

  // who is asked (requester_dispatch.cpp)
  void dispatch(Time now);
  void find_candidates(Time now);
  bool all_breakers_open(Time now) const;
  void place_again(Time now);
  void place_fresh(Time now);
  static bool may_have(const Open& open, const Replier& replier);
  bool nobody_left(const Open& open) const;
  void end_hopeless(OpenPlace open);
  std::uint64_t most_taken() const;
  void check_size(Reply& reply) const;
  Candidate* best(const Open& open);
  Candidate* best_untried(const Open& open, bool& worth_waiting);
  void send(OpenPlace open, Candidate& to, Time now);
  void form(Replier& replier, const Ask& ask, std::uint32_t attempt, Time now);
  void post_formed(Replier& replier);
  void cancel_at(Replier& replier, const Id& id);

  // scatter (requester_scatter.cpp)
  using GatherPlace = std::unordered_map<Id, Gather>::iterator;
  void gather(Ask ask, Time now);
  void ask_at(const Id& id, Gather& gather, Replier& replier, Time now);
  void ask_new(Replier& replier, Time now);
  void lose(Replier& replier, const std::string& reason);
  std::string settle_part(Replier& replier, GatherPlace gather, Reply& reply, Measured& measured,
                          Time now);
  void dispatch_scatter(Time now);
  void send_part(Replier& replier, const Id& id, bool probe, Time now);
  void conclude_if_over(GatherPlace gather);
  void end(GatherPlace gather, Ended::Kind kind, std::string reason);
  void drop(GatherPlace gather);
  void expire(GatherPlace gather, Time now);

  RequesterCoreOptions options_;
  Breakers breakers_;
  std::map<PeerId, Replier> repliers_;
  std::vector<Candidate> candidates_;
  IdMap<OpenPlace> index_;
  OpenList fresh_;  // wait for their first attempt
  OpenList again_;  // wait for another
  std::unordered_map<Id, Gather> gathers_;
  Deadlines deadlines_;
  Time now_{};         // of the last event
  Time last_there_{};  // when the last session ended
  bool ever_there_ = false;
  bool all_dialled_ = false;
  bool recheck_ = false;  // whether a scatter is over depends on what has just been told
  std::uint64_t ended_count_ = 0;
  std::uint64_t retried_ = 0;
  std::uint64_t stray_ = 0;
  std::vector<Ended> ended_;
  Outbox outbox_;
  Outbox direct_outbox_;
};

}  // namespace shoal::reqrep
