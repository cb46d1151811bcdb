#pragma once

#include <string_view>

namespace shoal {

/// `text` without the blanks, tabs and carriage returns at its ends.
inline std::string_view trim(std::string_view text) {
  constexpr std::string_view blank = " \t\r";
  std::size_t first = text.find_first_not_of(blank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blank) - first + 1);
}

}  // namespace shoal
