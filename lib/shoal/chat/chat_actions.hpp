#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <shoal/chat/chat_core.hpp>

namespace shoal::chat {

/// What a user can do at a chat-peer, and see there: a ChatPeer, or a core alone in tests. As the
/// core's functions of these names.
class ChatActions {
 public:
  virtual ~ChatActions() = default;
  virtual const ChatCore& core() const = 0;
  virtual const Id& node() const = 0;
  virtual bool join(const std::string& nick, std::vector<std::string> rooms) = 0;
  virtual void leave(const std::string& nick) = 0;
  virtual Place post(std::string nick, std::string room, wire::chat::Kind kind, std::string text,
                     std::uint64_t tag) = 0;
  virtual Id direct(std::string nick, std::string to, std::string text) = 0;
};

}  // namespace shoal::chat
