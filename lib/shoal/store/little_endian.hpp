#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>

#include <shoal/base/assert.hpp>

namespace shoal::store {

static_assert(std::endian::native == std::endian::little, "the formats here are little-endian");

/// Appends `number`, least significant byte first.
template <std::unsigned_integral T>
void put_number(std::string& out, T number) {
  out.append(reinterpret_cast<const char*>(&number), sizeof number);
}

/// The number at `at`; asserts that it lies within `bytes`.
template <std::unsigned_integral T>
T get_number(std::string_view bytes, std::size_t at) {
  SHOAL_ASSERT(at <= bytes.size() && sizeof(T) <= bytes.size() - at);
  T number;
  std::memcpy(&number, bytes.data() + at, sizeof number);
  return number;
}

}  // namespace shoal::store
