#pragma once

#include <cstdint>
#include <map>

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

/// Some of a log, as it stands there.
struct Chunk {
  Offset next = 0;          ///< after the last offset looked at
  std::uint64_t count = 0;  ///< records in `body`
  Bytes body;               ///< whole records, those that were wanted
};

/// The committed part of a log, for reading: a folder of segments, memory, or a simulated one.
class LogView {
 public:
  virtual ~LogView() = default;
  virtual Offset first() const = 0;  ///< the oldest offset still held
  virtual Offset head() const = 0;   ///< after the newest committed record

  /// The offset at which a reading begins that asks for `from`; between first() and head(), but for
  /// Position::Kind::offset, which is taken as it is.
  virtual Offset find(const Position& from) = 0;

  /// Records from `from` (at least first(), below head()) on: about `bytes` of them, at least one
  /// record looked at. `only_last` leaves out a record when one below `until` of the same topic
  /// follows it.
  virtual Chunk read(Offset from, Offset until, std::size_t bytes, const Topics& topics,
                     bool only_last) = 0;
};

struct WriterCoreOptions {
  Id stream;
  std::uint64_t epoch = 0;
  std::size_t batch_bytes = 256UL << 10;  ///< of records in one message, about
  std::size_t turn_bytes = 1UL << 20;     ///< read for one reader before others have their turn
};

/// The publisher's side of a stream as a state machine (PROTOCOL.md, "Stream"): gives each reader
/// what it asked for, from the log, as far as its credit goes. Holds no records: a reader that is
/// slow costs nothing. No I/O of its own and no clock.
class WriterCore {
 public:
  /// `log` outlives the core.
  WriterCore(WriterCoreOptions options, LogView& log);

  void on_up(PeerId peer, Time now);
  void on_message(PeerId peer, wire::stream::Any message, Time now);
  void on_down(PeerId peer, Time now);

  /// Records were committed, or retention has taken some.
  void on_log_changed(Time now);

  /// Nothing more will be appended in this epoch.
  void end(Time now);

  /// Sends what credit allows, a turn for each reader; true when there is more to send at once.
  bool pump(Time now);

  void tick(Time now);
  Time next_tick() const;

  Outbox take_outbox() { return outbox_.take(); }

  std::size_t readers() const;  ///< sessions that have asked for records
  bool all_have_all() const;    ///< every reader has taken everything up to the head for good
  std::uint64_t sent() const;   ///< records sent so far, to all readers

 private:
  Outbox outbox_;
};

}  // namespace shoal::stream
