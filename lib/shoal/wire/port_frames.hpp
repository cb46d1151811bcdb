#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <shoal/base/result.hpp>
#include <shoal/wire/hello.hpp>

/// The first frames of the messages that two Ports exchange (PROTOCOL.md, "Port"): one octet that
/// tells the kind, then that kind's content. Pure; decoders never throw and never trust a length.
namespace shoal::wire {

/// What a message of the Port is: the first octet of its first frame.
enum class FrameKind : std::uint8_t {
  hello = 1,   ///< who we are; the first message of each side
  refuse = 2,  ///< the session is refused or ended, and why
  alive = 3,   ///< still here; how much was received
  ping = 4,    ///< asks for an `alive`
  data = 5,    ///< a message, or the last piece of one
  more = 6,    ///< a piece of the body of the next `data`
  bye = 7,     ///< nothing more will come; how much was received
};

/// The kind of a first frame; a reason when it is empty or of no kind that we know.
Result<FrameKind> frame_kind(std::string_view frame);

/// What follows the kind octet of a first frame that frame_kind has accepted.
inline std::string_view frame_content(std::string_view frame) {
  return frame.substr(1);
}

/// Why a session is refused or ended. The number is what a program acts on; numbers that we do not
/// know are kept as they are.
enum class RefuseCode : std::uint32_t {
  version = 1,    ///< another major version
  role = 2,       ///< a role that has no place at our end
  duplicate = 3,  ///< these two nodes have a session already
  self = 4,       ///< the node id is our own: we dialled ourselves
  taken = 5,      ///< the node id belongs to another key
  full = 6,       ///< as many peers as we take
  leaving = 7,    ///< we are about to end
  malformed = 8,  ///< broke the protocol or a limit of it
  dropped = 9,    ///< the pattern above, or our patience, ended the session
};

struct Refuse {
  RefuseCode code = RefuseCode::dropped;
  std::string reason;  ///< a line for people; from a peer: as it came, not yet made printable
};

/// Whole first frames, kind octet included.
std::string encode_hello(const Hello& hello);
std::string encode_refuse(const Refuse& refuse);
std::string encode_alive(std::uint64_t received);
std::string encode_ping();
std::string encode_bye(std::uint64_t received);

/// The content of first frames of that kind (frame_content).
Result<Hello> decode_hello(std::string_view content);
Result<Refuse> decode_refuse(std::string_view content);
Result<std::uint64_t> decode_received(std::string_view content);  ///< of `alive` and `bye`

}  // namespace shoal::wire
