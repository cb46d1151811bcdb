#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <shoal/base/clock.hpp>

namespace shoal::app {

/// How far a node is, for the live progress line. What does not apply to the node stays empty and
/// is left out.
struct ProgressState {
  std::uint64_t done = 0;
  std::optional<std::uint64_t> total{};
  std::optional<std::uint64_t> in_flight{};  ///< handed out and not settled
  std::optional<std::uint64_t> workers{};
  std::optional<double> rate{};  ///< done per second of late; Progress fills it in
};

/// `640,000 of 1,000,000 (64%), 813k/s, 12s left, 1,024 in flight, 2 workers`: as much of it, from
/// the front, as fits `width` columns.
std::string format_progress(const ProgressState& state, std::size_t width);

/// How a node's work ended, for its last line on stderr. What does not apply stays empty and is
/// left out.
struct SummaryState {
  std::string_view noun = "task";  ///< what is counted, in the singular; gets an -s
  std::optional<std::uint64_t> total{};
  std::optional<std::uint64_t> done{};
  std::optional<std::uint64_t> failed{};
  std::optional<std::uint64_t> missing{};
  std::optional<std::uint64_t> redelivered{};
  std::optional<std::uint64_t> duplicates{};
  std::vector<std::pair<std::uint64_t, std::string_view>> others{};  ///< such as {3, "retried"}
  std::optional<Duration> elapsed{};

  /// Tells of `what` where there is some.
  void add_any(std::uint64_t count, std::string_view what) {
    if (count > 0) others.emplace_back(count, what);
  }
};

/// `1,000,000 tasks, 1,000,000 done, 0 failed, 3 redelivered, 12 duplicates dropped, 1.23s,
/// 813k/s`, on one line; the rate is that of `done`, or else of `total`, over `elapsed`.
std::string format_summary(const SummaryState& state);

}  // namespace shoal::app
