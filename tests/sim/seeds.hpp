#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace shoal::sim {

/// Runs the worlds of many seeds: `run` returns why one breaks the promise, or nothing. Arguments:
/// [--seeds COUNT] [--from SEED] [--seed SEED]. Prints each seed that fails with the command that
/// replays it, and the sum. Returns the exit code.
int run_seeds(int argc, char** argv, std::uint64_t count,
              const std::function<std::string(std::uint64_t seed)>& run);

}  // namespace shoal::sim
