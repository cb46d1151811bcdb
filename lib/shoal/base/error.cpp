#include <system_error>

#include <shoal/base/error.hpp>

namespace shoal {

Error system_error(std::string_view what, int errnum) {
  std::string line(what);
  line += ": " + std::generic_category().message(errnum);
  if (errnum != ENOSPC && errnum != EDQUOT) return Error(line);
  return Error(line + "; free some space and run the same command again", ExitCode::incomplete);
}

}  // namespace shoal
