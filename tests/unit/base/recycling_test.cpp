#include <cstdint>
#include <list>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <shoal/base/recycling.hpp>

using namespace shoal;

TEST_CASE("recycling: what was given back is taken again, by those of the same size alone") {
  void* small = Recycler::take(20);
  void* large = Recycler::take(400);
  Recycler::give(small, 20);
  Recycler::give(large, 400);
  CHECK(Recycler::take(390) == large);
  CHECK(Recycler::take(32) == small);
  Recycler::give(large, 390);
  Recycler::give(small, 32);
}

TEST_CASE("recycling: no two that live stand in the same place") {
  std::list<std::uint64_t, Recycling<std::uint64_t>> numbers;
  for (int round = 0; round < 3; ++round) {
    std::set<const void*> places;
    for (std::uint64_t i = 0; i < 1000; ++i) places.insert(&numbers.emplace_back(i));
    CHECK(places.size() == 1000);
    std::uint64_t expected = 0;
    for (std::uint64_t number : numbers) CHECK(number == expected++);
    numbers.clear();
  }
}

TEST_CASE("recycling: a vector outgrows what is recycled") {
  std::vector<std::string, Recycling<std::string>> texts;
  for (int i = 0; i < 1000; ++i) texts.push_back(std::string(100, 'x') + std::to_string(i));
  for (int i = 0; i < 1000; ++i) {
    CHECK(texts[static_cast<std::size_t>(i)] == std::string(100, 'x') + std::to_string(i));
  }
}
