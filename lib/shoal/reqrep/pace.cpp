#include <algorithm>
#include <cmath>

#include <shoal/reqrep/pace.hpp>

namespace shoal::reqrep {
namespace {

// So many answers make the measured interval half old and half new.
constexpr double memory = 7;

constexpr double least_interval = 1e-8;
constexpr double most_ahead = 1e6;

// In so many seconds without a request the interval halves.
constexpr double forgets_in = 5;

}  // namespace

void Pace::on_answered(std::size_t count, Duration latency, Time now) {
  least_latency_ = std::min(least_latency_, latency);
  double answers = static_cast<double>(count);
  double each = std::max(least_interval, seconds(now - since_) / answers);
  double weight = interval_ == 0 ? 1 : answers / (answers + memory);
  interval_ += (each - interval_) * weight;
  since_ = now;
}

double Pace::interval(std::size_t outstanding, Time now) const {
  double silent = seconds(now - since_);
  if (outstanding > 0) return std::max(interval_, silent);
  return interval_ == 0 ? 0 : interval_ * std::exp2(-silent / forgets_in);
}

std::size_t Pace::limit(std::size_t outstanding, Time now) const {
  double begun = 1;
  if (interval_ != 0) {
    double reach = seconds(ahead_) + seconds(least_latency_);
    begun = std::clamp(reach / interval(outstanding, now), 1.0, most_ahead);
  }
  return slots_ + static_cast<std::size_t>(begun);
}

}  // namespace shoal::reqrep
