#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace shoal::app {

/// The one of `known` that `word` was most likely meant to be, by the number of letters added,
/// dropped, changed or swapped with a neighbour; nothing when none is near.
std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& known);

}  // namespace shoal::app
