#pragma once

#include <cstddef>
#include <cstdint>

#include <shoal/base/clock.hpp>

namespace shoal::reqrep {

/// How fast one replier answers, as its requester sees it: what decides where a request goes and
/// how many are sent ahead (PROTOCOL.md, REQ-10).
class Pace {
 public:
  Pace(std::uint32_t slots, Duration ahead) : slots_(slots), ahead_(ahead) {}

  void on_sent(std::size_t outstanding_before, Time now) {
    if (outstanding_before == 0) since_ = now;
  }

  /// `count` answers have come together, the quickest of them `latency` after its request.
  void on_answered(std::size_t count, Duration latency, Time now);

  /// From one answer to the next, in seconds; 0 while nothing is known. It grows while nothing
  /// comes back, so that one that hangs loses its turn, and shrinks while nothing is asked, so that
  /// one that was slow gets another.
  double interval(std::size_t outstanding, Time now) const;

  /// How many requests may be with it at a time: its slots, what it begins in `ahead`, and what is
  /// on the way there and back; slots + 1 at least, and as long as nothing is known.
  std::size_t limit(std::size_t outstanding, Time now) const;

 private:
  std::uint32_t slots_;
  Duration ahead_;
  Time since_{};         // the last answer, or the first request after a pause
  double interval_ = 0;  // seconds; moving average
  Duration least_latency_ = Duration::max();
};

}  // namespace shoal::reqrep
