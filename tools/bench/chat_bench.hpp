#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "table.hpp"
#include "workspace.hpp"

namespace shoal::bench {

struct ChatOptions {
  std::uint64_t browsers = 100;    ///< on the outer two of three peers in a row
  std::uint64_t messages = 2000;   ///< that they say in each run, 200 a second
  std::uint64_t history = 10'000;  ///< messages that a late peer is told
  std::uint64_t idle = 500;        ///< browsers whose memory is measured
  int runs = 5;
  Transport transport = Transport::tcp;
};

/// Chat between browsers over three peers in a row beside bare ZeroMQ relays in the same row; what
/// a late peer waits for; what a browser costs. `nodes`: the folder of the bench. Throws Error when
/// a process fails or a message is lost.
std::vector<Row> measure_chat(const ChatOptions& options, const std::filesystem::path& nodes);

}  // namespace shoal::bench
