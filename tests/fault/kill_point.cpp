// Kills the process it is preloaded into at a chosen point of its file work.
//
// A point lies before and after every write, cut and sync of a file whose path begins with
// SHOAL_KILL_FILES. Each point passed is a line in the file SHOAL_KILL_TRACE, such as "before sync
// out.shoal-wal". At point number SHOAL_KILL_AT (from 1; 0: never) the process gets SIGKILL, as if
// somebody had been that precise. With SHOAL_KILL_KIND only points with that line are counted. With
// SHOAL_KILL_ERRNO the process lives, and what it called there, if the point lies before that,
// fails with that number.

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <fcntl.h>
#include <string>
#include <string_view>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

namespace {

std::string variable(const char* name) {
  const char* value = getenv(name);
  return value == nullptr ? "" : value;
}

/// What the environment asks for, read once. Never destroyed: files are written until the very end.
struct Plan {
  std::string files = variable("SHOAL_KILL_FILES");
  std::string kind = variable("SHOAL_KILL_KIND");
  int error = std::atoi(variable("SHOAL_KILL_ERRNO").c_str());
  long kill_at = std::atol(variable("SHOAL_KILL_AT").c_str());
  int trace = open(variable("SHOAL_KILL_TRACE").c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  std::atomic<long> passed = 0;
};

Plan& plan() {
  static Plan& only = *new Plan();
  return only;
}

/// The path behind `fd` if its file is one of those concerned, else empty.
std::string concerned(int fd) {
  std::string link = "/proc/self/fd/" + std::to_string(fd);
  std::string path(4096, '\0');
  ssize_t size = readlink(link.c_str(), path.data(), path.size());
  path.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
  bool ours = !plan().files.empty() && path.starts_with(plan().files);
  return ours ? path : "";
}

/// Whether the call that this point lies before is to fail.
bool pass(const char* when, const char* what, const std::string& path) {
  std::string point = std::string(when) + " " + what + " " + path.substr(path.rfind('/') + 1);
  std::string line = point + "\n";
  // Past our own write().
  syscall(SYS_write, plan().trace, line.data(), line.size());
  bool counts = plan().kind.empty() || plan().kind == point;
  if (!counts || ++plan().passed != plan().kill_at) return false;
  if (plan().error == 0) raise(SIGKILL);
  return true;
}

/// Calls the function that `name` would have been without us.
template <typename Return, typename... Arguments>
Return through(const char* name, const char* what, int fd, Arguments... arguments) {
  using Real = Return (*)(int, Arguments...);
  auto real = reinterpret_cast<Real>(dlsym(RTLD_NEXT, name));
  std::string path = concerned(fd);
  if (path.empty()) return real(fd, arguments...);
  if (pass("before", what, path)) {
    errno = plan().error;
    return -1;
  }
  Return result = real(fd, arguments...);
  pass("after", what, path);
  return result;
}

}  // namespace

extern "C" {

ssize_t write(int fd, const void* data, size_t size) {
  return through<ssize_t>("write", "write", fd, data, size);
}
ssize_t pwrite(int fd, const void* data, size_t size, off_t offset) {
  return through<ssize_t>("pwrite", "write", fd, data, size, offset);
}
ssize_t pwrite64(int fd, const void* data, size_t size, off64_t offset) {
  return through<ssize_t>("pwrite64", "write", fd, data, size, offset);
}
ssize_t pwritev(int fd, const iovec* parts, int count, off_t offset) {
  return through<ssize_t>("pwritev", "write", fd, parts, count, offset);
}
ssize_t pwritev64(int fd, const iovec* parts, int count, off64_t offset) {
  return through<ssize_t>("pwritev64", "write", fd, parts, count, offset);
}
int ftruncate(int fd, off_t size) noexcept {
  return through<int>("ftruncate", "cut", fd, size);
}
int ftruncate64(int fd, off64_t size) noexcept {
  return through<int>("ftruncate64", "cut", fd, size);
}
int fdatasync(int fd) {
  return through<int>("fdatasync", "sync", fd);
}
int fsync(int fd) {
  return through<int>("fsync", "sync", fd);
}

}  // extern "C"
