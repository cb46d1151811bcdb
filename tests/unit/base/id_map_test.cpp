#include <map>
#include <random>
#include <vector>

#include <doctest/doctest.h>

#include <shoal/base/id_map.hpp>

using namespace shoal;

TEST_CASE("id map: what is added is found until it is erased") {
  IdMap<int> map;
  const Id one = Id::of_name("one");
  CHECK(map.find(one) == nullptr);
  map.erase(one);
  CHECK(map.add(one, 1));
  CHECK_FALSE(map.add(one, 2));
  REQUIRE(map.find(one) != nullptr);
  CHECK(*map.find(one) == 1);
  CHECK_FALSE(map.contains(Id::of_name("two")));
  CHECK(map.size() == 1);
  map.erase(one);
  CHECK(map.empty());
  CHECK_FALSE(map.contains(one));
}

TEST_CASE("id map: does what std::map does, through growth and every kind of gap") {
  std::mt19937_64 random(7);
  std::vector<Id> ids;
  for (int i = 0; i < 700; ++i) ids.push_back(Id::of_name(std::to_string(i)));
  IdMap<std::uint64_t> map;
  std::map<Id, std::uint64_t> model;
  for (std::uint64_t step = 0; step < 200'000; ++step) {
    const Id& id = ids[random() % ids.size()];
    // Now more is added, now more is erased.
    if (random() % 10 < (step / 10'000 % 2 == 0 ? 7U : 3U)) {
      REQUIRE(map.add(id, step) == model.emplace(id, step).second);
    } else {
      map.erase(id);
      model.erase(id);
    }
    const Id& other = ids[random() % ids.size()];
    auto expected = model.find(other);
    const std::uint64_t* found = map.find(other);
    REQUIRE((found != nullptr) == (expected != model.end()));
    if (found != nullptr) REQUIRE(*found == expected->second);
    REQUIRE(map.size() == model.size());
  }
}
