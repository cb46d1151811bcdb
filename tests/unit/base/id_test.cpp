#include <doctest/doctest.h>

#include <shoal/base/id.hpp>

using shoal::Id;

TEST_CASE("id: random ids differ, hex and bytes read back") {
  Id id = Id::random();
  CHECK(id != Id::random());
  CHECK_FALSE(id.is_nil());
  CHECK(Id::from_hex(id.hex()) == id);
  CHECK(Id::from_bytes(id.bytes()) == id);
  CHECK(id.hex().starts_with(id.brief()));
}

TEST_CASE("id: a name gives the same id everywhere") {
  CHECK(Id::of_name("nightly").hex() == Id::of_name("nightly").hex());
  CHECK(Id::of_name("nightly") != Id::of_name("nightlx"));
  CHECK(Id::of_name("").hex() == "99aa06d3014798d86001c324468d497f");
}

TEST_CASE("id: anything else is refused") {
  CHECK_FALSE(Id::from_hex("12"));
  CHECK_FALSE(Id::from_hex("zz000000000000000000000000000000"));
  CHECK_FALSE(Id::from_bytes("short"));
}
