#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "table.hpp"
#include "workspace.hpp"

namespace shoal::bench {

struct ReqrepOptions {
  std::uint64_t requests = 500'000;  ///< with many in flight
  std::uint64_t one_by_one = 20'000;
  std::uint64_t in_flight = 1000;
  std::uint64_t request_bytes = 32;
  int runs = 5;  ///< medians are taken of so many
  Transport transport = Transport::tcp;
};

/// Request/reply beside a bare DEALER and ROUTER that do the same, interleaved. `nodes`: the folder
/// of the nodes and of the bench itself. Throws Error when a process fails.
std::vector<Row> measure_reqrep(const ReqrepOptions& options, const std::filesystem::path& nodes);

}  // namespace shoal::bench
