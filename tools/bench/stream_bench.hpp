#pragma once

#include <filesystem>
#include <vector>

#include "pipeline_bench.hpp"
#include "table.hpp"

namespace shoal::bench {

/// Streams through the nodes in the folder `nodes`: a publisher that appends a file to its log,
/// beside bare writes and syncs of as many bytes; and 1 and 8 subscribers that read all of it back,
/// beside a bare PUSH/PULL pair for each in 128 KiB blobs. Records of 100 B and 1 KiB. Throws
/// Error.
std::vector<Row> measure_stream(const BenchOptions& options, const std::filesystem::path& nodes);

}  // namespace shoal::bench
