#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <shoal/base/assert.hpp>

namespace shoal {

/// Appends `value` as 4 bytes, the least significant first.
inline void put_u32(std::string& out, std::uint32_t value) {
  for (int shift = 0; shift < 32; shift += 8) out += static_cast<char>(value >> shift & 0xff);
}

/// Appends `value` as 8 bytes, the least significant first.
inline void put_u64(std::string& out, std::uint64_t value) {
  for (int shift = 0; shift < 64; shift += 8) out += static_cast<char>(value >> shift & 0xff);
}

/// The number that put_u32 wrote at `offset`. Asserts that its 4 bytes lie within.
inline std::uint32_t get_u32(std::string_view bytes, std::size_t offset) {
  SHOAL_ASSERT(offset <= bytes.size() && bytes.size() - offset >= 4);
  std::uint32_t value = 0;
  for (std::size_t i = 4; i > 0; --i) {
    value = value << 8 | static_cast<unsigned char>(bytes[offset + i - 1]);
  }
  return value;
}

}  // namespace shoal
