#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace shoal::fuzz {

/// A changed copy of one of `seeds`: one to four changes such as a flipped bit, a byte that means
/// something to a decoder, a piece cut out, doubled, or put in from another seed. The same `number`
/// gives the same input on every machine. `seeds` must not be empty.
std::string mutated(const std::vector<std::string>& seeds, std::uint64_t number);

}  // namespace shoal::fuzz
