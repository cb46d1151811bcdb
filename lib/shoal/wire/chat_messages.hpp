#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <shoal/base/bytes.hpp>
#include <shoal/base/clock.hpp>
#include <shoal/base/id.hpp>
#include <shoal/base/result.hpp>
#include <shoal/wire/message.hpp>

/// The messages of chat (PROTOCOL.md, "Chat").
namespace shoal::wire::chat {

inline constexpr std::size_t most_text = 8192;   ///< octets of a post or a direct message
inline constexpr std::size_t most_name = 64;     ///< octets of a nick or a room
inline constexpr std::size_t most_users = 2000;  ///< in one record
inline constexpr std::size_t most_rooms = 64;    ///< of one user
inline constexpr std::size_t most_endpoints = 16;
inline constexpr std::size_t most_endpoint = 255;  ///< octets of one
inline constexpr std::size_t most_links = 256;     ///< told in one record
inline constexpr std::size_t most_logs = 65536;    ///< in one `have`
inline constexpr std::uint32_t most_hops = 16;

/// Whether `name` may be a nick or a room: 1 to 64 octets of UTF-8, no white space, nothing that
/// controls a terminal or cannot be seen.
bool is_name(std::string_view name);

/// Whether `text` may be posted or sent: 1 to 8192 octets of UTF-8.
bool is_text(std::string_view text);

/// The next seq that a peer lacks, by author.
using Vector = std::map<Id, std::uint64_t>;

struct Have {
  bool all = false;  ///< of every author; else only what has changed
  Vector logs;
};

enum class Kind : std::uint8_t {
  says,
  does,  ///< "/me"
};

/// An entry in an author's log.
struct Post {
  Id author;  ///< the node that wrote it
  std::uint64_t seq = 0;
  std::uint64_t first = 0;  ///< the oldest of this author that the sender keeps
  std::uint64_t clock = 0;  ///< milliseconds since 1970 * 2^16 + a count
  Kind kind = Kind::says;
  std::string nick;
  std::string room;
  std::uint64_t tag = 0;  ///< by which whoever wrote it knows it again; 0: none
  std::string text;

  friend bool operator==(const Post&, const Post&) = default;
};

/// Nicks and the rooms each is in.
using Users = std::map<std::string, std::vector<std::string>>;

/// What a peer says of itself, as anybody passes it on.
struct About {
  Id node;
  std::uint64_t version = 0;
  Duration age{};                      ///< since it was made, in milliseconds on the wire
  bool left = false;                   ///< its last word
  std::string nick;                    ///< its own; empty for one that serves browsers only
  std::vector<std::string> endpoints;  ///< where it listens
  std::vector<Id> links;               ///< nodes that it has sessions with
  Users users;
};

/// A message for one user, on its way.
struct Direct {
  Id id;
  Id origin;  ///< node
  Id target;  ///< node
  std::uint32_t hops = most_hops;
  std::string nick;  ///< who sends it
  std::string to;    ///< nick at the target
  std::uint64_t clock = 0;
  std::string text;
};

enum class Outcome : std::uint8_t { delivered, no_such_nick, no_way };

struct Receipt {
  Id id;
  Id origin;
  std::uint32_t hops = most_hops;
  Outcome outcome = Outcome::delivered;
};

using Any = std::variant<Have, Post, About, Direct, Receipt>;

/// The message as a Port carries it.
Message encode(const Any& message);

/// The message that `message` holds. Never throws, never trusts a length; anything that breaks a
/// clause of PROTOCOL.md is a Failure that names it.
Result<Any> decode(const Message& message);

}  // namespace shoal::wire::chat
