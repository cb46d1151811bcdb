#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <shoal/base/clock.hpp>
#include <shoal/base/id.hpp>
#include <shoal/net/core_outbox.hpp>
#include <shoal/wire/stream_messages.hpp>

namespace shoal::stream {

using net::PeerId;
using wire::stream::Offset;
using wire::stream::Position;
using wire::stream::Topics;
using Outbox = net::CoreOutbox<wire::stream::Any>;

/// Where a reader stands in one stream.
struct Cursor {
  std::uint64_t epoch = 0;  ///< of the publisher that it reached its place with
  Offset next = 0;
};

struct ReaderCoreOptions {
  Position from{};  ///< for streams without a cursor
  Topics topics{};
  std::map<Id, Cursor> cursors{};  ///< of streams read before

  /// How many streams there are, when that is known: another one than those that have a cursor
  /// then stands in the place of one of them, and is refused (STR-8).
  std::optional<std::size_t> streams{};

  std::uint64_t window = 4UL << 20;  ///< octets that may be on their way or unwritten, a stream
};

/// What came of one stream, in order: records, offsets that retention has taken, or offsets passed
/// over because nothing in them was wanted (`count` 0). The first of a stream without a cursor has
/// first = next, and tells where its reading began (unless that is still to come).
struct Delivery {
  Id stream;
  std::uint64_t epoch = 0;
  Offset first = 0;
  Offset next = 0;          ///< the cursor once this is written
  std::uint64_t count = 0;  ///< records in `body`
  Bytes body{};             ///< whole, checked records
  bool trimmed = false;     ///< no records: these offsets are gone
};

/// The subscriber's side of streams as a state machine (PROTOCOL.md, "Stream"): reads one stream
/// from each publisher, each offset once and in order, over sessions and restarts of either side.
/// No I/O and no clock.
class ReaderCore {
 public:
  /// The topics must make a TopicFilter.
  explicit ReaderCore(ReaderCoreOptions options);

  void on_up(PeerId peer) { peers_[peer]; }
  void on_message(PeerId peer, wire::stream::Any message, Time now);
  void on_down(PeerId peer);

  /// A delivery is written as durably as it will be: gives its credit back. In the order delivered
  /// within a stream.
  void on_taken(const Delivery& delivery, Time now);

  /// To be called at next_tick() at the latest.
  void tick(Time now);
  Time next_tick() const;

  std::vector<Delivery> take_deliveries() { return std::exchange(deliveries_, {}); }
  Outbox take_outbox() { return outbox_.take(); }

  /// Whether every stream met so far has been taken up to the head that its reading met first, and
  /// every publisher there has told its stream. False without a stream.
  bool at_end() const;

  std::size_t met() const;  ///< streams of which a reading has begun, in this run

  /// A place that a reading was told to begin at and that the stream has not reached.
  struct Ahead {
    Id stream;
    Offset from = 0;
    Offset head = 0;
  };
  std::optional<Ahead> ahead() const;

  /// Why a stream cannot go on (STR-8), for people; empty when all is well.
  const std::string& refusal() const { return refusal_; }

  std::map<Id, Cursor> cursors() const;                 ///< as of what was taken
  std::uint64_t received() const { return received_; }  ///< records delivered
  std::uint64_t trimmed() const { return trimmed_; }    ///< offsets that were gone

 private:
  struct State {                     // of a stream
    std::optional<Cursor> cursor{};  // as of what was taken
    std::uint64_t epoch = 0;         // the latest seen
    PeerId peer = 0;                 // the session that it is read in, or 0
    std::uint64_t reading = 0;
    bool asked = false;  // and not answered yet
    Time asked_at{};
    Offset next = 0;            // delivered up to here, once there is a cursor
    std::uint64_t read_in = 0;  // the epoch in which `next` was reached
    Offset until = 0;           // of a reading by last_of_topic
    bool ahead = false;         // `next` was asked for, and is still to come
    Offset head = 0;
    std::optional<Offset> goal{};  // the head met first
    bool ended = false;
    std::optional<Time> lacking{};  // since when something sent has not come
    std::uint64_t got = 0;          // octets in this reading
    std::uint64_t pending = 0;      // octets delivered and not taken
    std::uint64_t credit = 0;       // told
    Offset told = 0;                // of the cursor
    Time told_at{};
  };

  void receive(PeerId peer, wire::stream::Stream& stream, Time now);
  void receive(PeerId peer, wire::stream::Records& records, Time now);
  void receive(PeerId peer, wire::stream::Trimmed& trimmed, Time now);
  template <typename Other>
  void receive(PeerId peer, Other& other, Time now);

  State* admit(const wire::stream::Stream& stream);
  static std::string set_back(const State& state, const wire::stream::Stream& stream);
  std::string fault_in(const State& state, const wire::stream::Stream& stream) const;
  bool begin(State& state, const wire::stream::Stream& stream);
  State* reading_in(PeerId peer, std::uint64_t reading);
  void deliver(PeerId peer, State& state, Delivery delivery);
  void ask(State& state, Time now);
  void tell(State& state, Time now);
  bool must_tell(const State& state) const;
  Time tell_due(const State& state) const;
  std::uint64_t credit_of(const State& state) const;

  ReaderCoreOptions options_;
  std::map<Id, State> states_;
  std::map<PeerId, std::optional<Id>> peers_;  // sessions and the streams they told
  std::vector<Delivery> deliveries_;
  std::string refusal_;
  std::uint64_t received_ = 0;
  std::uint64_t trimmed_ = 0;
  Outbox outbox_;
};

}  // namespace shoal::stream
