#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
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
  std::uint64_t epoch = 0;
  Offset next = 0;
};

struct ReaderCoreOptions {
  Position from{};  ///< for streams without a cursor
  Topics topics{};
  std::map<Id, Cursor> cursors{};    ///< of streams read before
  std::uint64_t window = 4UL << 20;  ///< octets that may be on their way or unwritten, a stream
};

/// What came of one stream, in order: records, or offsets that retention has taken.
struct Delivery {
  Id stream;
  std::uint64_t epoch = 0;
  Offset first = 0;
  Offset next = 0;          ///< the cursor once this is written
  std::uint64_t count = 0;  ///< records in `body`
  Bytes body;
  bool trimmed = false;  ///< no records: these offsets are gone
};

/// The subscriber's side of streams as a state machine (PROTOCOL.md, "Stream"): reads one stream
/// from each publisher, each offset once and in order, over sessions and restarts of either side.
/// No I/O and no clock.
class ReaderCore {
 public:
  explicit ReaderCore(ReaderCoreOptions options);

  void on_up(PeerId peer, Time now);
  void on_message(PeerId peer, wire::stream::Any message, Time now);
  void on_down(PeerId peer, Time now);

  /// A delivery is written as durably as it will be: gives its credit back.
  void on_taken(const Delivery& delivery, Time now);

  void tick(Time now);
  Time next_tick() const;

  std::vector<Delivery> take_deliveries() { return std::exchange(deliveries_, {}); }
  Outbox take_outbox() { return outbox_.take(); }

  /// Whether every stream that is there now has been taken up to the head that its reading met
  /// first. False without a stream.
  bool at_end() const;

  /// Why a stream cannot go on (STR-8), for people; empty when all is well.
  const std::string& refusal() const { return refusal_; }

  const std::map<Id, Cursor>& cursors() const;  ///< as of what was taken
  std::uint64_t received() const;               ///< records delivered
  std::uint64_t trimmed() const;                ///< offsets that were gone

 private:
  std::vector<Delivery> deliveries_;
  Outbox outbox_;
  std::string refusal_;
};

}  // namespace shoal::stream
