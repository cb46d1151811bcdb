#include "sink_totals.hpp"

#include <algorithm>

namespace shoal::nodes {

SinkTotals totals(const pipeline::SinkCore& core) {
  SinkTotals sum;
  for (const pipeline::SinkJob* job : core.jobs()) {
    if (!core.current(job->job)) continue;
    sum.done += job->done.count();
    sum.failed += job->failed.count();
    if (auto expected = core.expected(job->job)) {
      sum.expected = sum.expected.value_or(0) + *expected;
    }
    std::uint64_t settled = job->done.count() + job->failed.count();
    bool complete = core.expected(job->job) && settled >= *core.expected(job->job);
    if (!job->closed && !complete) ++sum.unfinished;
    bool over = job->closed && !job->stopped && core.expected(job->job);
    if (over && !complete) sum.lost += *core.expected(job->job) - settled;
    sum.stopped = sum.stopped || job->stopped;
  }
  return sum;
}

app::SummaryState summary(const pipeline::SinkCore& core, Duration elapsed) {
  SinkTotals sum = totals(core);
  app::SummaryState state{.total = sum.expected,
                          .done = sum.done,
                          .failed = sum.failed,
                          .duplicates = core.duplicates(),
                          .elapsed = elapsed};
  std::uint64_t settled = sum.done + sum.failed;
  if (sum.expected) state.missing = *sum.expected - std::min(*sum.expected, settled);
  return state;
}

}  // namespace shoal::nodes
