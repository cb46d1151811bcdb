#include <csignal>
#include <fcntl.h>
#include <malloc.h>
#include <optional>
#include <string>
#include <unistd.h>

#include <shoal/base/error.hpp>
#include <shoal/runtime/startup.hpp>

namespace shoal::runtime {
namespace {

std::optional<rlimit> limit_before;

}  // namespace

void ignore_sigpipe() {
  static const bool ignored = std::signal(SIGPIPE, SIG_IGN) != SIG_ERR;
  static_cast<void>(ignored);
}

void fill_standard_fds() {
  for (int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(fd, F_GETFD) >= 0) continue;
    // The lowest free number is the one that is missing. Without O_CLOEXEC: children need it too.
    int opened = open("/dev/null", fd == STDERR_FILENO ? O_WRONLY : O_RDONLY);
    static_cast<void>(opened);
  }
}

void keep_freed_memory() {
  constexpr int most_kept = 4 << 20;
  constexpr int own_mapping_from = 4 << 20;  // larger blocks come from the system one by one
  mallopt(M_TRIM_THRESHOLD, most_kept);
  mallopt(M_MMAP_THRESHOLD, own_mapping_from);
}

void raise_fd_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= limit.rlim_max) return;
  rlimit raised{limit.rlim_max, limit.rlim_max};
  // Staying at the old limit is no error: too few descriptors are told where one is missing.
  if (setrlimit(RLIMIT_NOFILE, &raised) == 0 && !limit_before) limit_before = limit;
}

void require_fds(std::uint64_t count) {
  raise_fd_limit();
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= count) return;
  throw Error("this process may have " + std::to_string(limit.rlim_cur) +
              " open files and needs up to " + std::to_string(count) +
              "; raise the limit (ulimit -n), or ask for fewer jobs at a time");
}

const rlimit* fd_limit_before() {
  return limit_before ? &*limit_before : nullptr;
}

}  // namespace shoal::runtime
