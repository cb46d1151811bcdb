#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include <shoal/wire/chat_messages.hpp>

namespace shoal::chat {

/// A post of which only its place and its room matter.
inline wire::chat::Post make(const Id& author, std::uint64_t seq, std::uint64_t clock,
                             std::uint64_t first = 0, std::string room = "lobby") {
  return {.author = author,
          .seq = seq,
          .first = first,
          .clock = clock,
          .nick = "n",
          .room = std::move(room),
          .text = std::to_string(clock)};
}

}  // namespace shoal::chat
