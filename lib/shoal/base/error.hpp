#pragma once

#include <cerrno>
#include <stdexcept>
#include <string>
#include <string_view>

namespace shoal {

/// How a process ends; scripts rely on these numbers. A death by signal n is 128 + n.
enum class ExitCode : int {
  ok = 0,            ///< all done
  error = 1,         ///< an error, or tasks that failed
  usage = 2,         ///< the command line does not make sense
  bad_data = 65,     ///< input, ledger or journal is not what it should be (sysexits EX_DATAERR)
  no_peer = 69,      ///< nobody there within the time given (EX_UNAVAILABLE)
  incomplete = 75,   ///< stopped before the end; the same command goes on (EX_TEMPFAIL)
  not_allowed = 77,  ///< refused for safety (EX_NOPERM)
  timed_out = 124,   ///< a time limit passed, as timeout(1) has it
};

/// What constructors and main programs throw: one line for people, which names the cause and the
/// remedy, and the exit code it leads to. Caught once, by app::run_main.
class Error : public std::runtime_error {
 public:
  explicit Error(const std::string& what, ExitCode code = ExitCode::error)
      : std::runtime_error(what), code_(code) {}

  ExitCode code() const noexcept { return code_; }

 private:
  ExitCode code_;
};

/// An Error "`what`: strerror(`errnum`)". ENOSPC and EDQUOT become ExitCode::incomplete, because
/// the same command goes on once there is space.
Error system_error(std::string_view what, int errnum = errno);

}  // namespace shoal
