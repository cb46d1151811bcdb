#pragma once

#include <algorithm>
#include <list>
#include <map>
#include <optional>

#include <shoal/base/clock.hpp>
#include <shoal/base/id.hpp>
#include <shoal/base/recycling.hpp>

namespace shoal::reqrep {

/// When what ends. Where all are given the same time, which is the rule, each is the latest so far:
/// these stand in a list. Only others are sorted in.
class Deadlines {
  using InOrder = std::list<std::pair<Time, Id>, Recycling<std::pair<Time, Id>>>;
  using Others = std::multimap<Time, Id>;

 public:
  /// Of one that was added, until it is removed.
  class Place {
   public:
    Place() = default;

   private:
    friend Deadlines;
    bool in_order_ = true;
    InOrder::iterator listed_{};
    Others::iterator sorted_{};
  };

  Place add(Time deadline, const Id& id) {
    Place place;
    place.in_order_ = in_order_.empty() || in_order_.back().first <= deadline;
    if (place.in_order_) {
      place.listed_ = in_order_.emplace(in_order_.end(), deadline, id);
    } else {
      place.sorted_ = others_.emplace(deadline, id);
    }
    return place;
  }

  void remove(const Place& place) {
    if (place.in_order_) {
      in_order_.erase(place.listed_);
    } else {
      others_.erase(place.sorted_);
    }
  }

  Time first() const {
    Time listed = in_order_.empty() ? never : in_order_.front().first;
    return others_.empty() ? listed : std::min(listed, others_.begin()->first);
  }

  /// One that is due; it stays until it is removed.
  std::optional<Id> due(Time now) const {
    if (first() > now || (in_order_.empty() && others_.empty())) return std::nullopt;
    bool listed = !in_order_.empty() && in_order_.front().first == first();
    return listed ? in_order_.front().second : others_.begin()->second;
  }

 private:
  InOrder in_order_;
  Others others_;
};

}  // namespace shoal::reqrep
