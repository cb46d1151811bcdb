#include <limits>

#include <doctest/doctest.h>

#include <shoal/wire/hello.hpp>

using namespace shoal::wire;

TEST_CASE(
    "hello: how many at a time, and how large, or what holds where nothing sensible is said") {
  Hello hello;
  CHECK(slots_of(hello) == 1);
  CHECK(takes_of(hello) == std::numeric_limits<std::uint64_t>::max());
  hello.fields = {{slots_field, "12"}, {takes_field, "83886080"}};
  CHECK(slots_of(hello) == 12);
  CHECK(takes_of(hello) == 83'886'080);
  for (const char* text : {"", "0", "many", "-1", "99999999999999999999"}) {
    CAPTURE(text);
    hello.fields = {{slots_field, text}, {takes_field, text}};
    CHECK(slots_of(hello) == 1);
    CHECK(takes_of(hello) == std::numeric_limits<std::uint64_t>::max());
  }
}
