#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <numeric>

#include <shoal/base/scan.hpp>

namespace shoal {
namespace {

constexpr std::size_t lanes = 32;
constexpr std::size_t most_rows = 255;  // as far as a one-byte sum counts

// A fixed number of one-byte sums side by side is what compilers turn into vector instructions.
std::size_t count_rows(const char* at, std::size_t rows, char byte) {
  std::array<std::uint8_t, lanes> sums{};
  for (std::size_t row = 0; row < rows; ++row, at += lanes) {
    for (std::size_t i = 0; i < lanes; ++i) {
      sums[i] = static_cast<std::uint8_t>(sums[i] + (at[i] == byte ? 1 : 0));
    }
  }
  return std::accumulate(sums.begin(), sums.end(), std::size_t{0});
}

}  // namespace

std::size_t count_byte(std::string_view text, char byte) {
  std::size_t count = 0;
  while (text.size() >= lanes) {
    std::size_t rows = std::min(text.size() / lanes, most_rows);
    count += count_rows(text.data(), rows, byte);
    text.remove_prefix(rows * lanes);
  }
  return count + static_cast<std::size_t>(std::count(text.begin(), text.end(), byte));
}

NthByte find_nth(std::string_view text, char byte, std::size_t n) {
  constexpr std::size_t stride = 4096;
  NthByte found;
  while (found.end < text.size() && found.count < n) {
    std::string_view part = text.substr(found.end, stride);
    std::size_t within = count_byte(part, byte);
    if (found.count + within >= n) break;
    found.count += within;
    found.end += part.size();
  }
  while (found.end < text.size() && found.count < n) {
    const char* from = text.data() + found.end;
    const void* hit = std::memchr(from, byte, text.size() - found.end);
    if (hit == nullptr) return {found.count, text.size()};
    found.end += static_cast<std::size_t>(static_cast<const char*>(hit) - from) + 1;
    ++found.count;
  }
  return found;
}

}  // namespace shoal
