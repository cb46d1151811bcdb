#include <algorithm>

#include <doctest/doctest.h>

#include <shoal/pipeline/batch_cost.hpp>

using namespace shoal;
using namespace shoal::pipeline;
using namespace std::chrono_literals;

namespace {

/// How many tasks a run gets in the end, when each run takes `start`, and `each` for a task.
std::uint64_t settles_at(Duration start, Duration each, std::uint64_t most = 1'000'000) {
  BatchCost cost;
  std::uint64_t tasks = 1;
  for (int run = 0; run < 60; ++run) {
    cost.add(tasks, start + each * static_cast<std::int64_t>(tasks));
    tasks = std::min({cost.fitting(100ms), std::uint64_t{8} * tasks, most});
  }
  return tasks;
}

}  // namespace

TEST_CASE("batch cost: a command that is dear to start gets many tasks") {
  CHECK(settles_at(200ms, 10ns) == 1'000'000);
  CHECK(settles_at(1s, 1ms) >= 2'000);
  CHECK(settles_at(1s, 1ms) <= 8'000);
}

TEST_CASE("batch cost: one whose tasks are dear gets few") {
  CHECK(settles_at(1ms, 1s) <= 2);
  CHECK(settles_at(0s, 60s) == 1);
  CHECK(settles_at(1ms, 20ms) >= 4);
  CHECK(settles_at(1ms, 20ms) <= 6);
}

TEST_CASE("batch cost: it follows a command that changes") {
  BatchCost cost;
  for (std::uint64_t tasks : {1, 2, 4, 8}) cost.add(tasks, 1ms * static_cast<int>(tasks));
  CHECK(cost.fitting(100ms) == 100);
  for (int run = 0; run < 40; ++run) {
    std::uint64_t tasks = cost.fitting(100ms);
    cost.add(tasks, 50ms * static_cast<int>(tasks));
  }
  CHECK(cost.fitting(100ms) <= 4);
}
