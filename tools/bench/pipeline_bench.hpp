#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "table.hpp"
#include "workspace.hpp"

namespace shoal::bench {

struct BenchOptions {
  std::uint64_t lines = 50'000'000;
  std::uint64_t line_bytes = 0;  ///< line feed included; 0: just the numbers, as seq writes them
  std::uint64_t tasks = 4'000;   ///< of a process each
  unsigned jobs = 1;             ///< processes at a time
  int runs = 5;                  ///< medians are taken of so many
  Transport transport = Transport::tcp;
};

/// The pipeline beside what it replaces, all in one go and interleaved, so that what disturbs the
/// machine disturbs all alike. `nodes`: the folder of the nodes. Throws Error as PipelineRuns does.
std::vector<Row> measure_pipeline(const BenchOptions& options, const std::filesystem::path& nodes);

}  // namespace shoal::bench
