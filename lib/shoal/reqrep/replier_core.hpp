#pragma once

#include <cstdint>
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

struct ReplierCoreOptions {
  Id node;                                  ///< ours, which replies carry
  std::uint32_t slots = 1;                  ///< so many runs at a time
  bool forwards = false;                    ///< what a run makes is passed on: see on_passed_on
  Duration cache{0};                        ///< how long answers are kept for repeated ids
  std::uint64_t cache_bytes = 64UL << 20;   ///< of answers kept; the oldest go first
  std::size_t queue = 100'000;              ///< requests waiting; beyond it they are told `busy`
  std::uint64_t queue_bytes = 256UL << 20;  ///< the same in bytes
  Duration got_limit = std::chrono::seconds(1);  ///< for the first asker to confirm a direct reply
};

using RunId = std::uint64_t;

/// A request to be run now. Answer with on_finished, once, unless it is stopped before.
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
/// every asker once. No I/O and no clock.
class ReplierCore {
 public:
  explicit ReplierCore(ReplierCoreOptions options);

  void on_up(PeerId peer, Time now);
  void on_message(PeerId peer, wire::reqrep::Any message, Time now);
  void on_down(PeerId peer, Time now);

  /// A request of a bare ZeroMQ program, which `asker` names to the caller. False: not taken, the
  /// queue is full.
  bool on_plain(std::uint64_t asker, Bytes body, Time now);

  /// The run is over; `reply.id` need not be set.
  void on_finished(RunId run, Reply reply, Time now);

  /// The command is done and its output is on its way to the next replier: the slot is free, and
  /// on_finished follows when the answer has come.
  void on_passed_on(RunId run, Time now);

  /// What became of a DirectReply: the first asker has it, or it cannot be brought there.
  void on_got(const Id& id, Time now);
  void on_undeliverable(const Id& id, Time now);

  /// Takes nothing new (`busy`), finishes what it has begun, and hands back the rest.
  void drain(Time now);
  bool finished() const;  ///< drained, and every answer is out

  void tick(Time now);
  Time next_tick() const;  ///< `never` when there is nothing to wait for

  std::vector<StartRun> take_starts() { return std::exchange(starts_, {}); }
  /// Runs whose command is to be ended, or whose forwarding is to be cancelled; nothing more is
  /// said of them.
  std::vector<RunId> take_stops() { return std::exchange(stops_, {}); }
  std::vector<DirectReply> take_direct() { return std::exchange(direct_, {}); }
  std::vector<PlainReply> take_plain() { return std::exchange(plain_, {}); }
  Outbox take_outbox() { return outbox_.take(); }

  std::uint64_t taken() const;     ///< requests queued so far, repeats not counted
  std::uint64_t answered() const;  ///< requests answered so far, cancelled ones not counted
  std::uint64_t failed() const;    ///< of these, other than `exited` with 0
  std::uint64_t repeated() const;  ///< answered from the cache, or joined to one at work
  std::uint64_t dropped()
      const;  ///< cancelled or too late before they were begun, or refused as busy

 private:
  std::vector<StartRun> starts_;
  std::vector<RunId> stops_;
  std::vector<DirectReply> direct_;
  std::vector<PlainReply> plain_;
  Outbox outbox_;
};

}  // namespace shoal::reqrep
