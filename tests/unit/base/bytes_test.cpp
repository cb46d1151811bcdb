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

TEST_CASE("bytes: an empty slice keeps nothing alive") {
  CHECK(Bytes::copy("abc").slice(3, 0).owner() == nullptr);
}
