#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include <shoal/base/clock.hpp>
#include <shoal/base/id.hpp>
#include <shoal/net/core_outbox.hpp>
#include <shoal/stream/topic_filter.hpp>
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
  Bytes body{};             ///< whole records, those that were wanted
  bool gone = false;        ///< these offsets are not there any more; no records
};

/// The committed part of a log, for reading: a folder of segments, memory, or a simulated one. A
/// log that cannot be read throws Error, which passes through the core.
class LogView {
 public:
  virtual ~LogView() = default;
  virtual Offset first() const = 0;  ///< the oldest offset still held
  virtual Offset head() const = 0;   ///< after the newest committed record

  /// The epoch of the record right before `offset`, or less where that is not known.
  virtual std::uint64_t epoch_before(Offset offset) const = 0;

  /// The offset at which a reading begins that asks for `from`; between first() and head(), but for
  /// Position::Kind::offset, which is taken as it is. last_of_topic begins at first().
  virtual Offset find(const Position& from) = 0;

  /// The records that `filter` wants of about `bytes` of the log from `from` on, which is below
  /// `until`, which is at most head(). Looks at one record at least. Where all are wanted the block
  /// is not copied.
  virtual Chunk read(Offset from, Offset until, std::size_t bytes, const TopicFilter& filter) = 0;

  /// Of each wanted topic the offset of its last record from `from` on and below `until`, and where
  /// each gap there begins, in order. May leave out a topic that has a later record at or after
  /// `until`.
  virtual std::vector<Offset> last_of_topics(Offset from, Offset until,
                                             const TopicFilter& filter) = 0;
};

struct WriterCoreOptions {
  Id stream;
  std::uint64_t epoch = 0;
  std::size_t batch_bytes = 256UL << 10;  ///< of the log in one message, about
  int turn = 4;                           ///< batches for one reader before others have theirs
};

/// The publisher's side of a stream as a state machine (PROTOCOL.md, "Stream"): gives each reader
/// what it asked for, from the log, as far as its credit goes. Holds no records: a reader that is
/// slow costs nothing. No I/O of its own and no clock.
class WriterCore {
 public:
  /// `log` outlives the core.
  WriterCore(WriterCoreOptions options, LogView& log) : options_(options), log_(log) {}

  void on_up(PeerId peer, Time now);
  void on_message(PeerId peer, wire::stream::Any message, Time now);
  void on_down(PeerId peer) { readers_.erase(peer); }

  /// Nothing more will be appended in this epoch.
  void end(Time now);

  /// Sends what the log has and credit allows, a turn for each reader; true when there is more to
  /// send at once. To be called after every event and whenever records were committed.
  bool pump(Time now);

  /// To be called at next_tick() at the latest.
  void tick(Time now);
  Time next_tick() const;

  Outbox take_outbox() { return outbox_.take(); }

  std::size_t readers() const;  ///< sessions that have asked for records

  /// Up to where a session's reader has taken everything for good; nothing for one that has not
  /// asked for records.
  std::optional<Offset> taken(PeerId peer) const;

  /// Whether every reader has taken everything up to the head for good. A session that has not
  /// asked yet counts as a reader for its first seconds.
  bool all_have_all() const;

  std::uint64_t sent() const { return sent_; }  ///< records sent so far, to all readers

 private:
  struct Reader {
    Time since{};         // the session
    bool awaited = true;  // may still ask
    Time said{};          // the last `stream`
    Time covered{};       // the last message without records
    std::uint64_t reading = 0;
    TopicFilter filter{};
    Offset from = 0;
    Offset until = 0;
    std::vector<Offset> lasts{};  // what is wanted below `until`
    std::size_t next_last = 0;    // in `lasts`
    Offset told = 0;              // covered by what was sent
    Offset next = 0;              // looked at
    std::uint64_t credit = 0;
    std::uint64_t sent = 0;
    std::optional<Offset> taken{};
  };

  void receive(PeerId peer, Reader& reader, wire::stream::Read& read, Time now);
  void receive(PeerId peer, Reader& reader, wire::stream::More& more, Time now);
  template <typename Other>
  void receive(PeerId peer, Reader& reader, Other& other, Time now);

  bool can_send(const Reader& reader) const;
  bool serve(PeerId peer, Reader& reader, Time now);
  Chunk look(Reader& reader);
  Chunk look_for_lasts(Reader& reader);
  void send_records(PeerId peer, Reader& reader, Chunk& chunk);
  void cover(PeerId peer, Reader& reader, Time now);
  Time cover_due(const Reader& reader) const;
  void say_stream(PeerId peer, Reader& reader, Time now);

  WriterCoreOptions options_;
  LogView& log_;
  std::map<PeerId, Reader> readers_;
  PeerId last_served_ = 0;
  bool ended_ = false;
  std::uint64_t sent_ = 0;
  Outbox outbox_;
};

}  // namespace shoal::stream
