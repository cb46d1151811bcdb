#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>

#include <shoal/base/clock.hpp>

namespace shoal::net {

/// How much to hand to one link, learnt from what the peer says it has received (PROTOCOL.md,
/// "Pace"): pieces that take the link at most 50 ms each, and at most half a second of link time
/// unacknowledged, so that a slow link never looks dead and a fast one never idles. No I/O.
class LinkPace {
 public:
  static constexpr std::size_t least_chunk = 4UL << 10;
  static constexpr std::size_t first_chunk = 16UL << 10;
  static constexpr std::size_t largest_chunk = 256UL << 10;  ///< what any peer must accept
  static constexpr std::uint64_t least_window = 64UL << 10;
  static constexpr std::uint64_t most_window = 16UL << 20;

  explicit LinkPace(std::size_t most_chunk);

  std::size_t chunk() const noexcept { return chunk_; }      ///< bytes of body a frame
  std::uint64_t window() const noexcept { return window_; }  ///< weight that may be unacknowledged
  std::uint64_t sent_total() const noexcept { return sent_; }      ///< weight so far
  bool open() const noexcept { return sent_ - acked_ < window_; }  ///< whether to hand over more

  void sent(std::uint64_t weight) noexcept { sent_ += weight; }

  /// Whether to ask the peer for its count now: four times a window, so that an answer is always on
  /// its way while the window is closed.
  bool wants_ping() const noexcept { return sent_ - pinged_ >= window_ / 4; }
  void pinged(Time now);

  /// The peer has received `total`; false when that cannot be.
  bool acked(std::uint64_t total, Time now);

 private:
  struct Mark {
    std::uint64_t sent;
    std::uint64_t acked;
    Time time;
    bool busy;  // the link was the bottleneck then, not the pattern above
  };

  void learn(const Mark& mark, Time now);

  std::size_t most_chunk_;
  std::size_t chunk_;
  std::uint64_t window_ = least_window;
  std::uint64_t sent_ = 0;
  std::uint64_t acked_ = 0;
  std::uint64_t pinged_ = 0;
  double rate_ = 0;  // bytes a second
  std::deque<Mark> marks_;
};

}  // namespace shoal::net
