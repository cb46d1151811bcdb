#pragma once

namespace shoal {

/// Ends the process after one line on stderr. For programmer errors only: nothing a peer, a file or
/// a user does may lead here. Active in release builds too.
[[noreturn]] void assertion_failed(const char* condition, const char* file, int line) noexcept;

}  // namespace shoal

#define SHOAL_ASSERT(condition) \
  ((condition) ? void() : ::shoal::assertion_failed(#condition, __FILE__, __LINE__))
