#pragma once

#include <cstdint>
#include <random>

#include <shoal/base/clock.hpp>

namespace shoal::sim {

/// The one source of chance of a simulated world: everything follows from the seed.
class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}

  /// From `low` to `high`, both included.
  std::uint64_t between(std::uint64_t low, std::uint64_t high) {
    return low + engine_() % (high - low + 1);
  }
  bool chance(double probability) {
    return static_cast<double>(engine_() >> 11) * 0x1p-53 < probability;
  }
  Duration between(Duration low, Duration high) {
    auto span = static_cast<std::uint64_t>((high - low).count());
    return low + Duration(static_cast<std::int64_t>(between(std::uint64_t{0}, span)));
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace shoal::sim
