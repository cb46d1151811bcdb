#pragma once

#include <cstdint>
#include <string_view>

namespace shoal {

/// XXH3-64 of `text`: tells bytes apart, and keeps no secret.
std::uint64_t hash_of(std::string_view text);

}  // namespace shoal
