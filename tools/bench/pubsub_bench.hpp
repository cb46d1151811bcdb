#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "table.hpp"
#include "workspace.hpp"

namespace shoal::bench {

struct PubsubOptions {
  std::uint64_t messages = 1'000'000;  ///< to one subscriber; to several so many in all
  int runs = 5;
  Transport transport = Transport::tcp;
};

/// Live publish/subscribe beside bare PUB/SUB with the same frames. On both sides a subscriber that
/// is behind holds the publisher up: where messages are dropped instead, the rate tells how fast
/// they are thrown away. `nodes`: the folder of the bench. Throws Error when a process fails or a
/// message is lost.
std::vector<Row> measure_pubsub(const PubsubOptions& options, const std::filesystem::path& nodes);

}  // namespace shoal::bench
