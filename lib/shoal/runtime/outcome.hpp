#pragma once

#include <cstddef>
#include <string>

namespace shoal::runtime {

/// How one run of a command ended.
struct Outcome {
  enum class Kind {
    exited,            ///< by itself; `status` is the exit code
    signalled,         ///< by a signal from elsewhere; `status` is its number
    timed_out,         ///< we ended it when its time was up
    output_too_large,  ///< we ended it when it had written more than it may
    misbehaved,        ///< we ended it for breaking the rules; `fault` is the one it broke
    not_started,       ///< it never ran; `status` is the errno
  };

  /// The most that is kept of stderr, in bytes.
  static constexpr std::size_t tail_bytes = 4096;

  Kind kind = Kind::exited;
  int status = 0;
  std::string fault = {};       ///< such as "wrote more lines than it was given"
  std::string output = {};      ///< all of stdout, up to the limit
  std::string error_tail = {};  ///< the last of stderr

  bool ok() const noexcept { return kind == Kind::exited && status == 0; }
};

/// The outcome in a phrase for people: `exit code 3`, `killed by SIGSEGV`, `timed out`.
std::string describe(const Outcome& outcome);

}  // namespace shoal::runtime
