#pragma once

#include <string_view>

namespace shoal::app {

/// The version of shoal, such as "0.1.0", as the root CMakeLists.txt has it.
std::string_view version();

}  // namespace shoal::app
