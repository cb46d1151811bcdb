#pragma once

#include <cstdint>
#include <limits>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <shoal/base/clock.hpp>
#include <shoal/base/id.hpp>
#include <shoal/base/id_map.hpp>
#include <shoal/base/recycling.hpp>
#include <shoal/net/core_outbox.hpp>
#include <shoal/reqrep/answer_cache.hpp>
#include <shoal/reqrep/deadlines.hpp>
#include <shoal/wire/reqrep_messages.hpp>

namespace shoal::reqrep {

using net::PeerId;
using wire::reqrep::Headers;
using wire::reqrep::Reply;
using Outbox = net::CoreOutbox<wire::reqrep::Any>;

struct ReplierCoreOptions {
  Id node;                                 ///< ours, which replies carry
  std::uint32_t slots = 1;                 ///< so many runs at a time
  Duration cache{0};                       ///< how long answers are kept for repeated ids
  std::uint64_t cache_bytes = 64UL << 20;  ///< of answers kept; the oldest go first
  std::size_t queue = 100'000;  ///< requests waiting, or passed on and not answered; then `busy`
  std::uint64_t queue_bytes = 256UL << 20;  ///< the same in bytes, with those that run
  std::uint64_t max_request = std::numeric_limits<std::uint64_t>::max();  ///< bytes of one
  Duration got_limit = std::chrono::seconds(1);  ///< for the first asker to confirm a direct reply
};

using RunId = std::uint64_t;

/// A request to be run now. Answer with on_finished, once, unless it is stopped before. The core
/// stops it at its deadline, which moves when another asks for the same later.
struct StartRun {
  RunId run = 0;
  Id id;
  Bytes body;
  Headers headers;
  Time deadline = never;
  std::uint32_t attempt = 1;
  std::uint32_t hops = 0;
  std::string return_to;
};

/// More repliers wait for a request that has been passed on: to be told where it has gone.
struct Widened {
  Id id;
  std::vector<Id> path;
};

using StartRuns = std::vector<StartRun, Recycling<StartRun>>;

/// A reply to be brought to a return address. Answer with on_got or on_undeliverable.
struct DirectReply {
  std::string return_to;
  Reply reply;
};

/// An answer for a bare ZeroMQ program.
struct PlainReply {
  std::uint64_t asker = 0;  ///< as given to on_plain
  Bytes body;
};

/// The answering side of request/reply as a state machine (PROTOCOL.md, "Request/reply"): queues
/// requests, has `slots` of them run at a time, drops what is too late or given up, and answers
/// every asker once. The slot of a run that is stopped is taken to be free at once. No I/O and no
/// clock.
class ReplierCore {
 public:
  explicit ReplierCore(ReplierCoreOptions options);

  /// `takes` is what its HELLO says: bytes of one reply.
  void on_up(PeerId peer, Time now,
             std::uint64_t takes = std::numeric_limits<std::uint64_t>::max());

  /// What cannot come from an asker (`got` goes to on_got) is blamed on the peer.
  void on_message(PeerId peer, wire::reqrep::Any message, Time now);
  void on_down(PeerId peer, Time now);

  /// A request of a bare ZeroMQ program, which `asker` names to the caller. False: not taken, the
  /// queue is full.
  bool on_plain(std::uint64_t asker, Bytes body, Time now);

  /// The run is over; `reply.id` need not be set.
  void on_finished(RunId run, Reply reply, Time now);

  /// The command is done and its output is on its way to the next replier: the slot is free, and
  /// on_finished follows when the answer has come. Returns the repliers that wait for that answer,
  /// this one among them.
  std::vector<Id> on_passed_on(RunId run, Time now);

  /// What became of a DirectReply: the first asker has it, or it cannot be brought there.
  void on_got(const Id& id, Time now);
  void on_undeliverable(const Id& id, Time now);

  /// Takes nothing new (`busy`), finishes what it has begun or accepted as a notification or from a
  /// bare program, and hands back the rest.
  void drain(Time now);
  bool finished() const;  ///< drained, and every answer is out

  void tick(Time now);
  Time next_tick() const;  ///< `never` when there is nothing to wait for

  StartRuns take_starts() { return std::exchange(starts_, {}); }
  /// Runs whose command is to be ended, or whose forwarding is to be cancelled; nothing more is
  /// said of them.
  std::vector<RunId> take_stops() { return std::exchange(stops_, {}); }
  std::vector<DirectReply> take_direct() { return std::exchange(direct_, {}); }
  std::vector<Widened> take_widened() { return std::exchange(widened_, {}); }
  std::vector<PlainReply> take_plain() { return std::exchange(plain_, {}); }
  /// Replies wait until here, so that those of several events share a message.
  Outbox take_outbox();

  /// Requests queued so far, repeats not counted.
  std::uint64_t taken() const { return counts_.taken; }
  /// Requests answered so far, cancelled ones not counted.
  std::uint64_t answered() const { return counts_.answered; }
  /// Of these, other than `exited` with 0.
  std::uint64_t failed() const { return counts_.failed; }
  /// Answered from the cache, or joined to one at work.
  std::uint64_t repeated() const { return counts_.repeated; }
  /// Cancelled or too late before they were begun, or refused as busy.
  std::uint64_t dropped() const { return counts_.dropped; }
  /// Requests that are queued, run, are passed on or wait for `got`.
  std::size_t open() const { return index_.size(); }

 private:
  struct Work;
  using Works = std::list<Work, Recycling<Work>>;
  using AskedHere = std::list<Works::iterator, Recycling<Works::iterator>>;

  using Runs = std::unordered_map<RunId, Works::iterator, std::hash<RunId>, std::equal_to<RunId>,
                                  Recycling<std::pair<const RunId, Works::iterator>>>;

  struct Terms {  // what the requests of one message share
    std::uint32_t attempt = 1;
    std::uint32_t hops = 0;
    std::string return_to;
    Headers headers;
    std::vector<Id> path;
  };
  struct Asker {
    PeerId peer = 0;
    AskedHere::iterator place;
  };
  enum class Stage { queued, running, passed_on, delivering };
  struct Work {
    Id id;
    Stage stage = Stage::queued;
    Bytes body;              // until it is begun
    std::size_t weight = 0;  // the size of its body, also when that is elsewhere
    std::uint64_t body_hash = 0;
    std::shared_ptr<const Terms> terms;
    bool notify = false;
    std::vector<Asker, Recycling<Asker>> askers;
    std::optional<std::uint64_t> plain;
    Time deadline = never;
    Deadlines::Place ends;  // at its deadline, or when `got` has been waited for
    RunId run = 0;
    Reply reply;  // while it is delivered
  };
  struct Peer {
    AskedHere open;
    std::uint64_t takes = 0;
    wire::reqrep::Replies replies;  // not posted yet
    std::size_t bytes = 0;
  };
  struct Counts {
    std::uint64_t taken = 0;
    std::uint64_t answered = 0;
    std::uint64_t failed = 0;
    std::uint64_t repeated = 0;
    std::uint64_t dropped = 0;
  };

  void take(PeerId peer, wire::reqrep::Requests& message, Time now);
  void cancel(PeerId peer, const Id& id);
  bool queue_full(std::size_t body_size) const;
  void reply(PeerId peer, Reply reply);
  void post(PeerId id, Peer& peer);

  // one piece of work, from its request to its answer (replier_work.cpp)
  void admit(PeerId peer, wire::reqrep::Request& request, const std::shared_ptr<const Terms>& terms,
             bool notify, Time now);
  void join(Works::iterator work, PeerId peer, const wire::reqrep::Request& request,
            const Terms& terms, bool notify, Time now);
  bool is_circle(const std::vector<Id>& path) const;
  void turn_back(PeerId peer, const Id& id);
  void wait_too(PeerId peer, const wire::reqrep::Waiting& waiting);
  void widen(Works::iterator work, const std::vector<Id>& path);
  std::vector<Id> path_through(const Work& work) const;
  void repeat(const AnswerCache::Entry& kept, PeerId peer,
              const std::shared_ptr<const Terms>& terms, bool notify, Time deadline, Time now);
  Works::iterator add(Works& list, Work work);
  void add_asker(Works::iterator work, PeerId peer);
  void own_bodies();
  void start_runs(Time now);
  void deliver(Works::iterator work, Reply reply, Time now);
  void abandon(Works::iterator work, bool may_ask_again);
  void expire(Works::iterator work);
  void finish(Works::iterator work, const Reply& reply);
  void remove(Works::iterator work);

  ReplierCoreOptions options_;
  bool draining_ = false;
  std::unordered_map<PeerId, Peer> peers_;
  std::vector<PeerId> unposted_;  // peers with replies that are not posted yet
  Works queued_;
  Works begun_;
  IdMap<Works::iterator> index_;
  Runs runs_;
  Deadlines deadlines_;
  AnswerCache cache_;
  std::size_t unowned_ = 0;  // of those queued last, how many have a piece of a message for a body
  std::uint64_t held_bytes_ = 0;
  std::uint32_t running_ = 0;
  RunId next_run_ = 1;
  Counts counts_;
  StartRuns starts_;
  std::vector<RunId> stops_;
  std::vector<DirectReply> direct_;
  std::vector<PlainReply> plain_;
  std::vector<Widened> widened_;
  Outbox outbox_;
};

}  // namespace shoal::reqrep
