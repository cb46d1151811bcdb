#include <cerrno>
#include <system_error>

#include <shoal/base/error.hpp>

namespace shoal {

namespace {

/// What people can do about an errno; empty where the system's own words say it.
std::string_view remedy(int errnum) {
  switch (errnum) {
    case ENOSPC:
    case EDQUOT:
      return "; free some space and run the same command again";
    case EACCES:
    case EPERM:
      return "; give this user the right to it, or name another place";
    case ENOENT:
    case ENOTDIR:
      return "; check the name";
    case EROFS:
      return "; name a place that can be written to";
    case EMFILE:
    case ENFILE:
      return "; raise the limit with ulimit -n";
    case EAGAIN:
      return "; raise the limit with ulimit -u, or use fewer jobs";
    case ENOMEM:
      return "; end other programs, or lower the limits on what is held at a time";
    default:
      return "";
  }
}

}  // namespace

Error system_error(std::string_view what, int errnum) {
  std::string line(what);
  line += ": " + std::generic_category().message(errnum);
  line += remedy(errnum);
  bool full = errnum == ENOSPC || errnum == EDQUOT;
  return Error(line, full ? ExitCode::incomplete : ExitCode::error);
}

}  // namespace shoal
