#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <utility>

#include <shoal/base/clock.hpp>

namespace shoal::sim {

/// Virtual time: events run in the order of their times, and those of one time in the order added.
class Schedule {
 public:
  Time now() const { return now_; }

  void in(Duration delay, std::function<void()> event) {
    events_.emplace(std::pair(now_ + delay, next_++), std::move(event));
  }

  /// Runs until `done` holds or `limit` has passed; returns whether it held.
  bool run_until(const std::function<bool()>& done, Time limit) {
    while (!done()) {
      if (events_.empty() || events_.begin()->first.first > limit) return false;
      auto node = events_.extract(events_.begin());
      now_ = node.key().first;
      node.mapped()();
    }
    return true;
  }

  /// Lets the rest of the time up to `moment` pass, in which nothing happens.
  void pass_to(Time moment) { now_ = std::max(now_, moment); }

 private:
  Time now_{};
  std::uint64_t next_ = 0;
  std::map<std::pair<Time, std::uint64_t>, std::function<void()>> events_;
};

}  // namespace shoal::sim
