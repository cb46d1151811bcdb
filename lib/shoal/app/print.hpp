#pragma once

#include <string_view>

namespace shoal::app {

/// Writes all of `text` to stdout. A reader that has gone (EPIPE) is no error; anything else that
/// keeps it from being written throws Error. For help and the like; results go through the streams
/// of runtime.
void print(std::string_view text);

}  // namespace shoal::app
