#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include <shoal/base/id.hpp>
#include <shoal/base/result.hpp>

namespace shoal::wire {

/// The protocol version that this code speaks. Peers of another major version are refused; minor
/// versions mix, because unknown fields are ignored (PROTOCOL.md, "Versions").
inline constexpr std::uint32_t protocol_major = 1;
inline constexpr std::uint32_t protocol_minor = 0;

/// What both sides of a connection say first (PROTOCOL.md, "HELLO").
struct Hello {
  std::uint32_t major = protocol_major;
  std::uint32_t minor = protocol_minor;
  Id node;                                    ///< new at each start of a node
  std::string role;                           ///< "ventilator", "worker", "sink", ...
  std::map<std::string, std::string> fields;  ///< what the pattern adds; values are raw bytes
};

/// The field by which a worker or a replier says how many tasks or requests it runs at a time,
/// decimal (PROTOCOL.md, "Roles").
inline constexpr const char* slots_field = "slots";

/// What a HELLO says in `slots_field`; 1 where it says nothing that makes sense.
std::uint32_t slots_of(const Hello& hello);

/// The field by which a node says how much it takes in bytes, decimal: a worker or a sink how large
/// a message, a replier how large a request, a requester how large a reply.
inline constexpr const char* takes_field = "takes";

/// What a HELLO says in `takes_field`; the largest number where it says nothing that makes sense.
std::uint64_t takes_of(const Hello& hello);

}  // namespace shoal::wire
