#pragma once

#include <string>
#include <string_view>

#include <shoal/base/result.hpp>
#include <shoal/wire/chat_messages.hpp>

namespace shoal::chat {

/// The topic of the plain lane.
inline constexpr std::string_view plain_topic = "chat";

/// What somebody says on the plain lane (PROTOCOL.md, "Chat on the plain lane").
struct PlainSaying {
  std::string nick = "plain";
  std::string room;  ///< empty: none is named
  std::string text;
  wire::chat::Kind kind = wire::chat::Kind::says;
  bool by_peer = false;  ///< a chat-peer publishes it; whoever it is for has it already
};

/// What a publisher's message says: nick, room and text as JSON, bare text, or one frame
/// "chat TEXT". Names are made valid. Never throws; the Failure is a phrase for people.
Result<PlainSaying> read_plain(std::string_view topic, std::string_view payload);

/// The payload that tells of a post.
std::string write_plain(const wire::chat::Post& post);

/// `text` with whatever may not stand in a name as `_`, and cut to its limit; empty for nothing.
std::string make_name(std::string_view text);

}  // namespace shoal::chat
