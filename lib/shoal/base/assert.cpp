#include <cstdio>
#include <cstdlib>

#include <shoal/base/assert.hpp>

namespace shoal {

void assertion_failed(const char* condition, const char* file, int line) noexcept {
  std::fprintf(stderr, "shoal: bug: %s does not hold at %s:%d\n", condition, file, line);
  std::abort();
}

}  // namespace shoal
