#include <doctest/doctest.h>

#include <shoal/app/position.hpp>

using namespace shoal;
using namespace shoal::app;
using Kind = wire::stream::Position::Kind;

namespace {

constexpr std::uint64_t second = 1'000'000'000;

bool is_place(std::string_view text, Kind kind, std::uint64_t value = 0) {
  Result<wire::stream::Position> place = parse_position(text, 1000 * second);
  return place && place->kind == kind && place->value == value;
}

}  // namespace

TEST_CASE("position: all the ways to say where to begin") {
  CHECK(is_place("beginning", Kind::beginning));
  CHECK(is_place("end", Kind::end));
  CHECK(is_place("0", Kind::offset, 0));
  CHECK(is_place("4611686018427387904", Kind::offset, std::uint64_t{1} << 62));
  CHECK(is_place("-10", Kind::last, 10));
  CHECK(is_place("@12", Kind::time, 12 * second));
  CHECK(is_place("@12.000000001", Kind::time, 12 * second + 1));
  CHECK(is_place("@12.5", Kind::time, 12 * second + second / 2));
  CHECK(is_place("@1970-01-02", Kind::time, 86'400 * second));
  CHECK(is_place("@1970-01-01T00:01:00Z", Kind::time, 60 * second));
  CHECK(is_place("@1970-01-01T00:01:00.25Z", Kind::time, 60 * second + second / 4));
  CHECK(is_place("10m-ago", Kind::time, 400 * second));
  CHECK(is_place("1d-ago", Kind::time, 0));
}

TEST_CASE("position: what is none is told") {
  for (const char* bad : {"", "yesterday", "1x", "-", "--1", "-1x", "+1", "@", "@x", "@12.",
                          "@1.1234567891", "@-5", "@1969-12-31", "@2026-13-01", "@1970-01-02x",
                          "18446744073709551616", "-ago", "x-ago", "@99999999999999999999"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_position(bad, 1000 * second));
  }
}
