#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include <shoal/base/bytes.hpp>
#include <shoal/base/clock.hpp>
#include <shoal/base/id.hpp>
#include <shoal/base/result.hpp>
#include <shoal/wire/headers.hpp>
#include <shoal/wire/message.hpp>

/// The messages of request/reply (PROTOCOL.md, "Request/reply").
namespace shoal::wire::reqrep {

using wire::Headers;

/// At most so many requests or replies, and so many bytes of them unless there is only one, go into
/// one message.
inline constexpr std::size_t most_in_batch = 4096;
inline constexpr std::size_t batch_bytes = 256UL << 10;

/// So many we put into one message: the other side works on the first while the next are on their
/// way, and they are enough to make what a message costs small for each.
inline constexpr std::size_t good_batch = 128;

/// A chain longer than this is a circle.
inline constexpr std::uint32_t most_hops = 16;

/// And so is one in which more nodes wait for a request.
inline constexpr std::size_t most_path = 64;

struct Request {
  Id id;
  Duration remaining{0};  ///< until its deadline; 2^32 - 1 ms at most, which is for ever
  Bytes body;
};

/// Requester to replier. All requests of one message share what is beside them.
struct Requests {
  std::vector<Request> requests;
  std::uint32_t attempt = 1;
  std::uint32_t hops = 0;
  bool notify = false;    ///< no reply is awaited
  std::string return_to;  ///< endpoint of the first asker; empty: replies walk back
  Headers headers;
  std::vector<Id> path;  ///< the repliers that have passed them on and wait for them
};

/// Requester to replier: these repliers wait for a request that was sent before, too.
struct Waiting {
  Id id;
  std::vector<Id> path;
};

/// Requester to replier: nobody waits for these any more.
struct Cancel {
  std::vector<Id> ids;
};

/// Requester to replier, at the return address: these replies have come.
struct Got {
  std::vector<Id> ids;
};

/// How a request went (PROTOCOL.md has the table).
enum class ReplyKind : std::uint8_t {
  exited,
  signalled,
  overran,
  failed,
  busy,
  late,
  accepted,
  delivered,
  circle,
  unfit,
};

struct Reply {
  Id id;
  ReplyKind kind = ReplyKind::exited;
  std::uint32_t status = 0;  ///< exit status or signal
  Id from;                   ///< the node that made it; nil: the one that sent it
  Bytes output;
  Bytes error;  ///< the end of stderr, or why it failed
};

/// Replier to requester.
struct Replies {
  std::vector<Reply> replies;
};

using Any = std::variant<Requests, Cancel, Got, Replies, Waiting>;

/// The message as a Port carries it. The body of a message with one request or reply is not copied.
Message encode(const Any& message);

/// The message that `message` holds; bodies share its storage. Never throws, never trusts a length;
/// anything that breaks a clause of PROTOCOL.md is a Failure that names it.
Result<Any> decode(const Message& message);

}  // namespace shoal::wire::reqrep
