#include <algorithm>

#include <shoal/pipeline/batch_cost.hpp>

namespace shoal::pipeline {
namespace {

constexpr double kept = 0.8;     // of the weight of each run before, when one is added
constexpr double spread = 1e-3;  // below it sizes are as good as equal
constexpr double patience = 10;  // seconds: a run that takes longer is not doubled on suspicion
constexpr double most = 1ULL << 40;

}  // namespace

void BatchCost::add(std::uint64_t tasks, Duration took) {
  auto count = static_cast<double>(tasks);
  double time = seconds(took);
  weight_ = weight_ * kept + 1;
  tasks_ = tasks_ * kept + count;
  times_ = times_ * kept + time;
  squares_ = squares_ * kept + count * count;
  products_ = products_ * kept + count * time;
}

std::uint64_t BatchCost::fitting(Duration target) const {
  if (!known()) return 1;
  double count = tasks_ / weight_;
  double time = times_ / weight_;
  double goal = seconds(target);
  double variance = squares_ / weight_ - count * count;
  double fitting = 0;
  if (variance <= spread * count * count) {
    fitting = std::max(goal * count / std::max(time, 1e-9), time < patience ? 2 * count : count);
  } else {
    double each = (products_ / weight_ - count * time) / variance;
    each = std::max(each, 1e-3 * time / count);  // nothing is free
    double start = std::max(0.0, time - each * count);
    fitting = std::max(goal, std::min(4 * start, patience)) / each;
  }
  return static_cast<std::uint64_t>(std::clamp(fitting, 1.0, most));
}

}  // namespace shoal::pipeline
