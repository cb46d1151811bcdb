#include <map>
#include <random>

#include <doctest/doctest.h>

#include <shoal/reqrep/deadlines.hpp>

using namespace shoal;
using reqrep::Deadlines;

namespace {

Time at(int ms) {
  return Time(std::chrono::milliseconds(ms));
}

}  // namespace

TEST_CASE("deadlines: none is never due, and what has no end neither") {
  Deadlines deadlines;
  CHECK(deadlines.first() == never);
  CHECK_FALSE(deadlines.due(at(1000)));
  Deadlines::Place endless = deadlines.add(never, Id::of_name("endless"));
  CHECK_FALSE(deadlines.due(at(1000)));
  deadlines.remove(endless);
}

TEST_CASE("deadlines: in whatever order they are added, the earliest is first") {
  std::mt19937 random(3);
  for (int spread : {1, 50, 10'000}) {
    Deadlines deadlines;
    std::multimap<Time, Id> model;
    std::map<Id, Deadlines::Place> places;
    for (int step = 0; step < 20'000; ++step) {
      Time deadline = at(step + static_cast<int>(random() % static_cast<unsigned>(spread)));
      Id id = Id::of_name(std::to_string(step));
      places[id] = deadlines.add(deadline, id);
      model.emplace(deadline, id);
      if (random() % 3 == 0) {  // one that was answered in time
        auto place = places.begin();
        std::erase_if(model, [&](const auto& entry) { return entry.second == place->first; });
        deadlines.remove(place->second);
        places.erase(place);
      }
      REQUIRE(deadlines.first() == (model.empty() ? never : model.begin()->first));
      if (model.size() < 20) continue;
      Time now = model.begin()->first;
      CHECK_FALSE(deadlines.due(now - Duration(1)));
      std::optional<Id> due = deadlines.due(now);
      REQUIRE(due.has_value());
      deadlines.remove(places.at(*due));
      places.erase(*due);
      auto [first, last] = model.equal_range(now);
      auto found =
          std::find_if(first, last, [&](const auto& entry) { return entry.second == *due; });
      REQUIRE(found != last);
      model.erase(found);
    }
  }
}
