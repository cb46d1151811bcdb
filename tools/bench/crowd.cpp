#include "crowd.hpp"

#include <algorithm>
#include <set>

#include <shoal/base/error.hpp>

namespace shoal::bench {
namespace {

constexpr Duration longest_wait = std::chrono::seconds(30);

Time now() {
  return std::chrono::steady_clock::now();
}

struct Said {
  Time at{};
  std::size_t left = 0;  // who has not heard it
  double us = 0;
};

void hear(Said& said) {
  if (said.left == 0 || --said.left > 0) return;
  said.us = std::chrono::duration<double, std::micro>(now() - said.at).count();
}

void wait_for(Crowd& crowd, const std::function<bool()>& done, Duration look_again) {
  const Time deadline = now() + longest_wait;
  while (!done()) {
    if (now() > deadline) throw Error("a message has not reached everybody in 30 s");
    crowd.listen(std::min(deadline, now() + look_again));
  }
}

/// Says message 0 until everybody has heard it: then all are connected.
void meet(Crowd& crowd) {
  constexpr Duration again = std::chrono::milliseconds(100);
  std::set<std::size_t> here;
  crowd.heard = [&](std::size_t who, std::uint64_t) { here.insert(who); };
  const Time deadline = now() + longest_wait;
  while (here.size() < crowd.size()) {
    if (now() > deadline) throw Error("some are not connected after 30 s");
    crowd.say(0, 0);
    const Time until = now() + again;
    while (here.size() < crowd.size() && now() < until) crowd.listen(until);
  }
}

}  // namespace

std::vector<double> talk(Crowd& crowd, std::uint64_t messages, Duration interval) {
  meet(crowd);
  std::vector<Said> said(messages);
  crowd.heard = [&](std::size_t, std::uint64_t number) {
    if (number > 0) hear(said.at(number - 1));
  };
  Time due = now();
  for (std::uint64_t number = 1; number <= messages; ++number) {
    due += interval;
    while (now() < due) crowd.listen(due);
    said[number - 1] = {.at = now(), .left = crowd.size()};
    crowd.say(number % crowd.size(), number);
  }
  auto done = [&] {
    return std::ranges::all_of(said, [](const Said& one) { return one.left == 0; });
  };
  wait_for(crowd, done, std::chrono::milliseconds(10));
  std::vector<double> latencies;
  for (const Said& one : said) latencies.push_back(one.us);
  std::ranges::sort(latencies);
  return latencies;
}

}  // namespace shoal::bench
