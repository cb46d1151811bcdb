#pragma once

#include <cstddef>
#include <string_view>

namespace shoal {

/// How many of `byte` stand in `text`; many bytes a step, for counting lines in big blocks.
std::size_t count_byte(std::string_view text, char byte);

/// What find_nth met.
struct NthByte {
  std::size_t count = 0;  ///< how many it counted, at most n
  std::size_t end = 0;    ///< just past the n-th; the end of the text where there are fewer
};

/// Where the `n`-th (from 1) of `byte` in `text` ends.
NthByte find_nth(std::string_view text, char byte, std::size_t n);

}  // namespace shoal
