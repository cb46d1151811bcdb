#pragma once

#include <cstdint>
#include <optional>

#include <shoal/app/progress_text.hpp>
#include <shoal/pipeline/sink_core.hpp>

/// What a sink tells of its jobs in its progress line, its summary and its exit code.
namespace shoal::nodes {

struct SinkTotals {
  std::uint64_t done = 0;
  std::uint64_t failed = 0;
  std::optional<std::uint64_t> expected;
  bool stopped = false;          ///< a job ended before every task was settled
  std::uint64_t unfinished = 0;  ///< jobs of which more is to come
  std::uint64_t lost = 0;        ///< results that the ventilator knows to be kept, and are not here
};

/// Of the jobs met since this start.
SinkTotals totals(const pipeline::SinkCore& core);

/// The totals as the node's last line on stderr.
app::SummaryState summary(const pipeline::SinkCore& core, Duration elapsed);

}  // namespace shoal::nodes
