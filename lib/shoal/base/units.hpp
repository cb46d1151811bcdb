#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <shoal/base/clock.hpp>
#include <shoal/base/result.hpp>

namespace shoal {

/// A span of time as people write it: `250ms`, `30s`, `1h30m`, `1.5s`; a bare number is seconds.
/// Units: ns us ms s m h d. Negative, empty and overflowing spans are refused.
Result<Duration> parse_duration(std::string_view text);

/// A size in bytes as people write it: `512`, `64K`, `1M`, `2G`, `1.5M`; K, M, G, T, P, in either
/// case, are powers of 1024, and an optional `B` or `iB` may follow. Negative sizes and those from
/// 2^62 on are refused.
Result<std::uint64_t> parse_size(std::string_view text);

/// The shortest usual way to write `duration`, to about three digits: `12.3ms`, `4.56s`, `1h30m`.
std::string format_duration(Duration duration);

/// `bytes` to about three digits with a power-of-1024 unit: `512B`, `64K`, `1.5M`.
std::string format_size(std::uint64_t bytes);

/// `count` with thousands separated by commas: `1,000,000`.
std::string format_count(std::uint64_t count);

/// `per_second` to about three digits: `950/s`, `1.2k/s`, `3.45M/s`.
std::string format_rate(double per_second);

}  // namespace shoal
