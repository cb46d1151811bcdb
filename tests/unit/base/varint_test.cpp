#include <doctest/doctest.h>

#include <shoal/base/varint.hpp>

using namespace shoal;

TEST_CASE("varint: what is put is taken") {
  for (std::uint64_t value : {0ULL, 1ULL, 127ULL, 128ULL, 300ULL, 1ULL << 32U, (1ULL << 63U) - 1}) {
    std::string raw;
    put_varint(raw, value);
    put_sized(raw, "text");
    std::string_view rest = raw;
    CHECK(take_varint(rest) == value);
    CHECK(take_sized(rest) == "text");
    CHECK(rest.empty());
    for (std::size_t length = 0; length + 5 < raw.size(); ++length) {
      std::string_view cut = std::string_view(raw).substr(0, length);
      CHECK_FALSE(take_varint(cut));
    }
  }
}

TEST_CASE("varint: what nobody puts is not taken") {
  for (std::string_view raw : {"\x80", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"}) {
    CHECK_FALSE(take_varint(raw));
  }
  std::string_view longer("\x81\x00", 2);
  CHECK_FALSE(take_varint(longer));
  std::string_view lies("\x05text");
  CHECK_FALSE(take_sized(lies));
}
