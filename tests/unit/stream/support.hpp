#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <shoal/store/log_format.hpp>
#include <shoal/wire/stream_messages.hpp>

namespace shoal::test {

inline constexpr Time begin{std::chrono::hours(1)};

/// A record as it stands in a log.
inline std::string record_bytes(std::uint64_t offset, std::string_view topic = "t",
                                std::string_view payload = "payload") {
  std::string bytes;
  store::append_log_record(
      bytes,
      {.offset = offset, .epoch = 1, .time = 1000 + offset, .topic = topic, .payload = payload});
  return bytes;
}

/// What a core has posted since it was last asked: the messages of type Message.
template <typename Message, typename Outbox>
std::vector<Message> posted(const Outbox& outbox) {
  std::vector<Message> found;
  for (const auto& envelope : outbox.envelopes) {
    if (const auto* message = std::get_if<Message>(&envelope.message)) found.push_back(*message);
  }
  return found;
}

}  // namespace shoal::test
