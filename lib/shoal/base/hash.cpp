#include <xxhash.h>

#include <shoal/base/hash.hpp>

namespace shoal {

std::uint64_t hash_of(std::string_view text) {
  return XXH3_64bits(text.data(), text.size());
}

}  // namespace shoal
