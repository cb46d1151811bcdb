#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <shoal/wire/json_line.hpp>

/// Headers of a message as they travel (PROTOCOL.md, "headers").
namespace shoal::wire {

inline constexpr std::size_t most_headers = 64;
inline constexpr std::size_t most_headers_bytes = 64UL << 10;  ///< encoded

/// Asserts that they fit: see headers_fit().
std::string encode_headers(const Headers& headers);

/// Whether they are within the limits above.
bool headers_fit(const Headers& headers);

/// Nothing for what breaks the grammar or a limit. Of a key that stands twice the last one counts.
std::optional<Headers> decode_headers(std::string_view raw);

}  // namespace shoal::wire
