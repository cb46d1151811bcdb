#include <algorithm>
#include <random>
#include <string>

#include <doctest/doctest.h>

#include <shoal/base/scan.hpp>

using namespace shoal;

namespace {

std::string random_text(std::size_t length, unsigned seed) {
  std::mt19937 random(seed);
  std::string text(length, 'x');
  for (char& c : text) {
    if (random() % 5 == 0) c = '\n';
  }
  return text;
}

}  // namespace

TEST_CASE("scan: bytes are counted in texts of every length") {
  for (std::size_t length = 0; length < 200; ++length) {
    std::string text = random_text(length, static_cast<unsigned>(length));
    CHECK(count_byte(text, '\n') ==
          static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')));
  }
}

TEST_CASE("scan: a long run of the byte does not overflow a lane") {
  CHECK(count_byte(std::string(1'000'003, '\n'), '\n') == 1'000'003);
}

TEST_CASE("scan: the n-th byte is found wherever it stands") {
  std::string text = random_text(20'000, 7);
  std::size_t n = 0;
  bool all_right = true;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '\n') continue;
    NthByte found = find_nth(text, '\n', ++n);
    all_right = all_right && found.count == n && found.end == at + 1;
  }
  CHECK(all_right);
  NthByte beyond = find_nth(text, '\n', n + 1);
  CHECK(beyond.count == n);
  CHECK(beyond.end == text.size());
  CHECK(find_nth("", '\n', 1).count == 0);
}
