#include "seeds.hpp"

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace shoal::sim {

int run_seeds(int argc, char** argv, std::uint64_t count,
              const std::function<std::string(std::uint64_t seed)>& run) {
  std::uint64_t from = 1;
  for (int i = 1; i + 1 < argc; i += 2) {
    std::uint64_t value = std::strtoull(argv[i + 1], nullptr, 10);
    if (std::strcmp(argv[i], "--seeds") == 0) count = value;
    if (std::strcmp(argv[i], "--from") == 0) from = value;
    if (std::strcmp(argv[i], "--seed") == 0) from = value, count = 1;
  }
  std::uint64_t broken = 0;
  for (std::uint64_t seed = from; seed < from + count; ++seed) {
    std::string fault = run(seed);
    if (fault.empty()) continue;
    ++broken;
    std::printf("seed %llu: %s\n  replay: %s --seed %llu\n", static_cast<unsigned long long>(seed),
                fault.c_str(), argv[0], static_cast<unsigned long long>(seed));
  }
  std::printf("%llu of %llu seeds keep the promise\n",
              static_cast<unsigned long long>(count - broken),
              static_cast<unsigned long long>(count));
  return broken == 0 ? 0 : 1;
}

}  // namespace shoal::sim
