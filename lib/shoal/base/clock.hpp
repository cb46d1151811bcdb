#pragma once

#include <chrono>

namespace shoal {

/// A span of time. Nanosecond steps; negative spans occur only in arithmetic.
using Duration = std::chrono::nanoseconds;

/// A moment on the monotonic clock. Cores are handed it and never read a clock themselves, so that
/// the simulator can own time.
using Time = std::chrono::time_point<std::chrono::steady_clock, Duration>;

/// "Never" for a next-tick time.
inline constexpr Time never = Time::max();

/// `duration` as seconds, for rates and text.
inline double seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

}  // namespace shoal
