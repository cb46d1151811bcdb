#pragma once

#include <array>
#include <csignal>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>
#include <sched.h>
#include <string>
#include <string_view>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

#include <doctest/doctest.h>

#include <shoal/base/error.hpp>

#include "support/temp_dir.hpp"

namespace store_test {

namespace fs = std::filesystem;

using shoal::test::TempDir;

inline std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline void write_file(const fs::path& path, std::string_view bytes) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

/// The Error that `action` throws; nothing when it throws none.
template <typename Action>
std::optional<shoal::Error> error_of(Action&& action) {
  try {
    action();
  } catch (const shoal::Error& error) {
    return error;
  }
  return std::nullopt;
}

inline bool says(const std::optional<shoal::Error>& error, shoal::ExitCode code,
                 std::string_view words) {
  bool good = error && error->code() == code &&
              std::string_view(error->what()).find(words) != std::string_view::npos;
  // Not through doctest: a Child's reports would stay in its buffers.
  if (!good) std::cerr << "got: " << (error ? error->what() : "no error") << "\n";
  return good;
}

/// A forked process that runs `body` and leaves with what it returns, destroying nothing on its
/// way, as if killed. An exception makes that 255. Killed and reaped at the latest with this
/// object.
class Child {
 public:
  template <typename Body>
  explicit Child(Body body) : pid_(fork()) {
    REQUIRE(pid_ >= 0);
    if (pid_ > 0) return;
    int status = 255;
    try {
      status = body();
    } catch (const std::exception& error) {
      std::string line = std::string("child: ") + error.what() + "\n";
      (void)!write(STDERR_FILENO, line.data(), line.size());
    }
    _exit(status);
  }
  ~Child() {
    kill();
    wait();
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  void kill() {
    if (pid_ > 0) ::kill(pid_, SIGKILL);
  }

  /// Its exit status; 128 + n when a signal ended it.
  int wait() {
    int status = 0;
    if (pid_ <= 0 || waitpid(std::exchange(pid_, -1), &status, 0) < 0) return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

 private:
  pid_t pid_;
};

/// Makes `directory` a file system of one MiB, for this process alone; false when that is not
/// allowed here. For a Child.
inline bool mount_one_mebibyte(const fs::path& directory) {
  if (unshare(CLONE_NEWNS) != 0) {
    std::string map = "0 " + std::to_string(getuid()) + " 1";
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return false;
    write_file("/proc/self/uid_map", map);
  }
  return mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
         mount("shoal", directory.c_str(), "tmpfs", 0, "size=1m") == 0;
}

/// One-way pipe of single bytes between a Child and its parent.
class Pipe {
 public:
  Pipe() { REQUIRE(pipe(ends_.data()) == 0); }
  ~Pipe() {
    close_end(0);
    close_end(1);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  void tell() { (void)!write(ends_[1], "x", 1); }

  /// Waits for a byte; false when every writer is gone.
  bool hear() {
    char byte = 0;
    return read(ends_[0], &byte, 1) == 1;
  }

  void only_hear() { close_end(1); }
  void only_tell() { close_end(0); }

 private:
  void close_end(std::size_t end) {
    if (ends_[end] >= 0) close(std::exchange(ends_[end], -1));
  }

  std::array<int, 2> ends_{-1, -1};
};

}  // namespace store_test
