#pragma once

#include <map>
#include <optional>

#include <shoal/base/clock.hpp>
#include <shoal/base/id.hpp>

namespace shoal::reqrep {

/// When what ends, in order. An entry that is the latest so far costs no search, which is the rule
/// where all requests are given the same time.
class Deadlines {
 public:
  using Place = std::multimap<Time, Id>::iterator;

  Place add(Time deadline, const Id& id) { return all_.emplace_hint(all_.end(), deadline, id); }
  void remove(Place place) { all_.erase(place); }

  Time first() const { return all_.empty() ? never : all_.begin()->first; }

  /// One that is due; it stays until it is removed.
  std::optional<Id> due(Time now) const {
    if (first() > now || all_.empty()) return std::nullopt;
    return all_.begin()->second;
  }

 private:
  std::multimap<Time, Id> all_;
};

}  // namespace shoal::reqrep
