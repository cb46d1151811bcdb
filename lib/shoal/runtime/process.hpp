#pragma once

#include <csignal>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

#include <shoal/base/fd.hpp>
#include <shoal/runtime/reactor.hpp>

namespace shoal::runtime {

/// What to run.
struct Command {
  std::vector<std::string> argv;  ///< the name and the arguments, as they are: no shell sees them
  std::vector<std::string> env;   ///< `NAME=value`, each in place of our own NAME
  std::string program;            ///< the file to run; empty: argv[0] is searched for on PATH
};

/// The descriptors that a child gets as its stdin, stdout and stderr; they stay the caller's. The
/// default lets it share ours.
struct Stdio {
  int in = 0;
  int out = 1;
  int err = 2;
};

/// How a process ended.
struct Exit {
  bool signalled = false;
  int status = 0;  ///< the exit code, or the signal
};

/// One child process, in a process group of its own. It starts with no signal blocked, with the
/// usual SIGPIPE, and dies with the thread that started it, kill -9 included.
///
/// When it exits, what it left behind in its group is killed before `exited` is called, while its
/// id cannot yet belong to another. Destroying a Process that runs kills the group and reaps it.
/// Used on the Reactor's thread only.
class Process {
 public:
  /// `exited` is called once for each successful start; it may destroy the Process.
  Process(Reactor& reactor, std::function<void(Exit)> exited);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  /// Starts `command`: 0, or the errno that kept it from running (ENOENT: no such program; E2BIG:
  /// arguments too long; EAGAIN: too many processes). Asserts that nothing runs here already.
  int start(const Command& command, const Stdio& stdio);

  /// Sends `signal` to every process of the group; does nothing when it no longer runs.
  void kill_group(int signal);

  bool running() const noexcept { return pid_ > 0; }
  pid_t pid() const noexcept { return pid_; }  ///< 0 when it does not run

 private:
  void reap();

  Reactor& reactor_;
  std::function<void(Exit)> exited_;
  pid_t pid_ = 0;
  Fd pidfd_;
  Registration watching_;
};

/// The file that running `name` would run: as it is where it has a slash, else the first of that
/// name on PATH. Nothing when there is no such file or it may not be executed.
std::optional<std::filesystem::path> find_program(std::string_view name);

/// The same as text. Throws Error (usage), with the remedy, when there is no such file.
std::string require_program(std::string_view name);

}  // namespace shoal::runtime
