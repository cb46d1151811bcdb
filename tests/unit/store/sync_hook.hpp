#pragma once

#include <functional>

namespace store_test {

/// Called with the descriptor before each fdatasync and fsync of this process goes ahead, and after
/// it has succeeded; may be empty. fsync_test.cpp, which stands in for both, calls them.
inline std::function<void(int)> before_sync;
inline std::function<void(int)> after_sync;

}  // namespace store_test
