#pragma once

#include <cstdint>
#include <string_view>

#include <shoal/base/result.hpp>
#include <shoal/wire/stream_messages.hpp>

namespace shoal::app {

/// Where in a stream to begin, as people write it: `beginning`, `end`, an offset, `-N` (the last
/// N),
/// `@TIME` (seconds since 1970, or `2026-01-31`, `2026-01-31T12:00:00Z`, in UTC, with or without a
/// fraction), `DUR-ago`. `now` is in ns since 1970. Fails with what would be right.
Result<wire::stream::Position> parse_position(std::string_view text, std::uint64_t now);

}  // namespace shoal::app
