#include <string>

#include <doctest/doctest.h>
#include <xxhash.h>

#include <shoal/store/input_hash.hpp>

using shoal::store::InputHash;

TEST_CASE("input_hash: is XXH3-64, however the input is cut") {
  std::string input;
  for (int i = 0; i < 5000; ++i) input += static_cast<char>(i * 7 + i / 256);
  for (std::size_t piece : {1, 7, 255, 256, 4096, 5000}) {
    InputHash hash;
    for (std::size_t at = 0; at < input.size(); at += piece) {
      hash.update(std::string_view(input).substr(at, piece));
    }
    CHECK(hash.digest() == XXH3_64bits(input.data(), input.size()));
  }
}

TEST_CASE("input_hash: a digest on the way changes nothing") {
  InputHash hash;
  CHECK(hash.digest() == 0x2d06800538d394c2);  // XXH3-64 of nothing, from its specification
  hash.update({});
  hash.update("sho");
  std::uint64_t prefix = hash.digest();
  hash.update("al");
  CHECK(prefix == XXH3_64bits("sho", 3));
  CHECK(hash.digest() == XXH3_64bits("shoal", 5));
}
