#include <doctest/doctest.h>

#include <shoal/base/bytes.hpp>

using shoal::Bytes;

TEST_CASE("bytes: a slice shares the block and outlives the original") {
  Bytes part;
  {
    Bytes whole = Bytes::copy("one two three");
    part = whole.slice(4, 3);
    CHECK(part.data() == whole.data() + 4);
  }
  CHECK(part.view() == "two");
}

TEST_CASE("bytes: concat copies only what is apart") {
  Bytes whole = Bytes::copy("one two three");
  Bytes joined = concat(whole.slice(0, 4), whole.slice(4, 3));
  CHECK(joined.data() == whole.data());
  CHECK(joined.view() == "one two");
  CHECK(concat(Bytes::copy("a"), Bytes::copy("b")).view() == "ab");
  CHECK(concat(Bytes(), whole) == whole);
  CHECK(concat(whole, Bytes()) == whole);
}

TEST_CASE("bytes: an empty slice keeps nothing alive") {
  CHECK(Bytes::copy("abc").slice(3, 0).owner() == nullptr);
}
