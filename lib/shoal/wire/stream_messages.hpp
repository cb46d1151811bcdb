#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include <shoal/base/bytes.hpp>
#include <shoal/base/id.hpp>
#include <shoal/base/result.hpp>
#include <shoal/wire/message.hpp>

/// The messages of streams (PROTOCOL.md, "Stream").
namespace shoal::wire::stream {

using Offset = std::uint64_t;

/// Where a reading begins.
struct Position {
  enum class Kind : std::uint8_t {
    offset,         ///< at `value`
    beginning,      ///< at the oldest record there is
    end,            ///< at the head: only what is appended from now on
    last,           ///< at the last `value` records
    time,           ///< at the first record not older than `value`, in ns since 1970
    last_of_topic,  ///< the last record of each topic, then what is appended
  };
  Kind kind = Kind::end;
  std::uint64_t value = 0;
};

/// Which topics a reading wants; no patterns: all.
struct Topics {
  std::vector<std::string> patterns;
  bool prefix = false;  ///< bare prefixes instead of words between dots
};

/// Subscriber to publisher: begin a reading.
struct Read {
  std::uint64_t reading = 0;
  Position from;
  Offset until = 0;  ///< below it, records that another one of their topic follows may be left out
  Topics topics;
  std::uint64_t credit = 0;  ///< octets of bodies it may be sent, all told
};

/// Subscriber to publisher: the reading's credit now, and how far it has got for good.
struct More {
  std::uint64_t reading = 0;
  std::uint64_t credit = 0;
  Offset next = 0;
};

/// Publisher to subscriber: how the log stands, and what has been sent of a reading.
struct Stream {
  Id stream;
  std::uint64_t epoch = 0;
  Offset first = 0;
  Offset head = 0;
  std::uint64_t reading = 0;  ///< 0: none yet, and the next three mean nothing
  Offset from = 0;            ///< where the reading begins
  Offset next = 0;            ///< where what is sent next begins
  Offset until = 0;           ///< as in Read; the head when it began at last_of_topic
  std::uint64_t before = 0;   ///< the epoch of the record right before `from`; 0: unknown
  bool ended = false;         ///< nothing more will be appended in this epoch
};

/// Publisher to subscriber: all wanted records with first <= offset < next, as in the log.
struct Records {
  std::uint64_t reading = 0;
  Offset first = 0;
  Offset next = 0;
  std::uint64_t count = 0;  ///< in `body`
  Bytes body;
};

/// Publisher to subscriber: retention has taken first <= offset < next.
struct Trimmed {
  std::uint64_t reading = 0;
  Offset first = 0;
  Offset next = 0;
};

using Any = std::variant<Read, More, Stream, Records, Trimmed>;

/// The message as a Port carries it; the body is not copied.
Message encode(const Any& message);

/// The message that `message` holds. Never throws, never trusts a length; anything that breaks a
/// clause of PROTOCOL.md is a Failure that names it. The records in a body are the receiver's to
/// check.
Result<Any> decode(const Message& message);

}  // namespace shoal::wire::stream
