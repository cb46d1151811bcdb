#pragma once

#include <cstdint>

#include <shoal/base/clock.hpp>

namespace shoal::pipeline {

/// What a run of a batched command costs: so much to begin with, and so much for each task. A line
/// through the recent runs (least squares, the older the less), so that a command that is dear to
/// start is given many tasks, and one whose tasks are dear few.
class BatchCost {
 public:
  void add(std::uint64_t tasks, Duration took);

  bool known() const noexcept { return weight_ > 0; }

  /// How many tasks take as long as `target`, or four times as long as the start, if that is
  /// longer. While runs of one size alone are known it is twice that size, to find out, unless they
  /// took long; at least 1.
  std::uint64_t fitting(Duration target) const;

 private:
  double weight_ = 0;
  double tasks_ = 0;  // sums over the runs; times in seconds
  double times_ = 0;
  double squares_ = 0;
  double products_ = 0;
};

}  // namespace shoal::pipeline
