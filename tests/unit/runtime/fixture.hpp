#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <iterator>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include <shoal/base/fd.hpp>
#include <shoal/runtime/reactor.hpp>

#include "support/temp_dir.hpp"

/// Runs the loop until `finished`; the test fails when that takes two minutes.
inline void run_until(shoal::runtime::Reactor& reactor, const std::function<bool()>& finished) {
  bool late = false;
  auto limit = std::chrono::steady_clock::now() + std::chrono::minutes(2);
  auto timer = reactor.at(limit, [&] { late = true; });
  reactor.run_until([&] { return late || finished(); });
  REQUIRE_FALSE(late);
}

/// Whether the process has ended, or does within ten seconds.
inline bool ends(pid_t pid) {
  shoal::Fd pidfd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (!pidfd) return errno == ESRCH;
  pollfd asked{pidfd.get(), POLLIN, 0};
  return poll(&asked, 1, 10'000) == 1;
}

/// How many descriptors this process has open.
inline std::ptrdiff_t open_fds() {
  std::filesystem::directory_iterator all("/proc/self/fd");
  return std::distance(begin(all), end(all));
}

using shoal::test::TempDir;
