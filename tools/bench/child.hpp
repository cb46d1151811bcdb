#pragma once

#include <cstdint>
#include <string>
#include <sys/types.h>
#include <utility>
#include <vector>

#include <shoal/base/clock.hpp>
#include <shoal/base/fd.hpp>

namespace shoal::bench {

/// What to run: argv[0] is searched for on PATH. Empty files stand for /dev/null.
struct Exec {
  std::vector<std::string> argv;
  std::string in;
  std::string out;
  std::string err;
};

/// A process that the bench started; it dies with the bench, and with this object.
class Child {
 public:
  /// Throws Error: it cannot be started.
  explicit Child(Exec exec);
  Child(Child&& other) noexcept
      : exec_(std::move(other.exec_)),
        pid_(std::exchange(other.pid_, 0)),
        pidfd_(std::move(other.pidfd_)),
        peak_(other.peak_) {}
  Child& operator=(Child&&) = delete;
  ~Child();

  /// Notes how much memory it has used so far, while it runs.
  void sample();

  /// Reaps it. Throws Error, with what it said, where it ended badly. Waits.
  void reap();

  std::uint64_t resident_bytes() const;  ///< now, while it runs

  int pidfd() const noexcept { return pidfd_.get(); }
  std::uint64_t peak_bytes() const noexcept { return peak_; }  ///< resident, at the last sample

 private:
  Exec exec_;
  pid_t pid_ = 0;
  Fd pidfd_;
  std::uint64_t peak_ = 0;
};

/// Waits until all of `children` have ended well, sampling their memory and that of `others` on the
/// way. Throws Error when one ends badly, or when they take longer than two minutes.
void finish(const std::vector<Child*>& children, const std::vector<Child*>& others = {});

}  // namespace shoal::bench
