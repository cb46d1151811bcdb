#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace shoal {

/// A 128-bit identifier: of a node, a job, a sink, a request. Equal ids mean the same thing
/// everywhere and for ever, because nobody hands them out: they are random, or the hash of a name.
class Id {
 public:
  static constexpr std::size_t size = 16;

  /// The nil id, which names nothing.
  constexpr Id() = default;

  /// Fresh from the kernel's random numbers. Throws Error when there are none.
  static Id random();

  /// The id that `name` stands for: the same name gives the same id on every machine (XXH3-128).
  static Id of_name(std::string_view name);

  /// From 16 raw bytes; nothing for any other length.
  static std::optional<Id> from_bytes(std::string_view raw);

  /// From 32 hexadecimal digits; nothing for anything else.
  static std::optional<Id> from_hex(std::string_view text);

  /// The 16 raw bytes; valid as long as this id.
  std::string_view bytes() const noexcept {
    return {reinterpret_cast<const char*>(raw_.data()), raw_.size()};
  }

  /// 32 lower-case hexadecimal digits.
  std::string hex() const;

  /// The first 8 digits: enough for people to tell ids apart in a log line.
  std::string brief() const { return hex().substr(0, 8); }

  bool is_nil() const noexcept { return *this == Id(); }

  friend auto operator<=>(const Id&, const Id&) = default;
  friend bool operator==(const Id& a, const Id& b) noexcept {
    // Two words compared in place, where the library would call memcmp.
    return a.half(0) == b.half(0) && a.half(1) == b.half(1);
  }

 private:
  std::uint64_t half(std::size_t which) const noexcept {
    std::uint64_t word = 0;
    std::memcpy(&word, raw_.data() + which * sizeof word, sizeof word);
    return word;
  }

  std::array<std::uint8_t, size> raw_{};
};

}  // namespace shoal

template <>
struct std::hash<shoal::Id> {
  std::size_t operator()(const shoal::Id& id) const noexcept {
    std::uint64_t halves[2];
    std::memcpy(halves, id.bytes().data(), sizeof halves);
    std::uint64_t mixed = (halves[0] ^ halves[1] >> 31) * 0x9e3779b97f4a7c15 + halves[1];
    mixed = (mixed ^ mixed >> 32) * 0xd6e8feb86659fd93;
    return static_cast<std::size_t>(mixed ^ mixed >> 32);
  }
};
