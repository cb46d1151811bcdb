#pragma once

#include <vector>

#include "pipeline_bench.hpp"
#include "table.hpp"

namespace shoal::bench {

/// A stream's log by itself: appends in groups, each of them synced, beside bare writes and syncs
/// of as many bytes; and reading all of it back. In the temporary directory. Throws Error.
std::vector<Row> measure_log(const BenchOptions& options);

}  // namespace shoal::bench
