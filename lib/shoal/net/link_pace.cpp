#include <algorithm>
#include <optional>

#include <shoal/net/link_pace.hpp>

namespace shoal::net {
namespace {

constexpr double chunk_seconds = 0.05;
constexpr double window_seconds = 0.5;
constexpr double shortest_sample = 1e-5;
constexpr std::size_t most_marks = 64;

}  // namespace

LinkPace::LinkPace(std::size_t most_chunk)
    : most_chunk_(std::max(most_chunk, least_chunk)), chunk_(std::min(first_chunk, most_chunk_)) {}

void LinkPace::pinged(Time now) {
  pinged_ = sent_;
  if (marks_.size() == most_marks) marks_.pop_front();
  marks_.push_back({sent_, acked_, now, sent_ - acked_ >= window_ / 2});
}

bool LinkPace::acked(std::uint64_t total, Time now) {
  if (total > sent_ || total < acked_) return false;
  acked_ = total;
  std::optional<Mark> reached;
  while (!marks_.empty() && marks_.front().sent <= total) {
    reached = marks_.front();
    marks_.pop_front();
  }
  if (reached) learn(*reached, now);
  return true;
}

void LinkPace::learn(const Mark& mark, Time now) {
  double took = std::max(seconds(now - mark.time), shortest_sample);
  double sample = static_cast<double>(acked_ - mark.acked) / took;
  // When the pattern sent little, the link carried little: that says nothing against the link.
  rate_ = mark.busy && sample < rate_ ? (rate_ + sample) / 2 : std::max(rate_, sample);
  double chunk = static_cast<double>(chunk_);
  double best_chunk = rate_ * chunk_seconds;
  if (best_chunk >= 2 * chunk) {
    chunk_ = std::min(2 * chunk_, most_chunk_);
  } else if (best_chunk < chunk) {
    chunk_ = std::max(chunk_ / 2, least_chunk);
  }
  double best_window = std::min(rate_ * window_seconds, static_cast<double>(most_window));
  std::uint64_t grown = std::min(static_cast<std::uint64_t>(best_window), 2 * window_);
  window_ = std::max({grown, least_window, std::uint64_t{4} * chunk_});
}

}  // namespace shoal::net
