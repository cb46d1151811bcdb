#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <shoal/base/bytes.hpp>
#include <shoal/base/clock.hpp>
#include <shoal/base/result.hpp>
#include <shoal/runtime/outcome.hpp>
#include <shoal/runtime/pipe.hpp>
#include <shoal/runtime/process.hpp>

namespace shoal::runtime {

/// How long a command whose time is up has between SIGTERM and SIGKILL.
inline constexpr Duration kill_grace = std::chrono::seconds(1);

/// What CommandRun runs, and within which bounds.
struct CommandSpec {
  Command command;
  Bytes input;                            ///< stands on its stdin; it need not read it
  Duration timeout{0};                    ///< 0: none
  std::size_t output_limit = 64UL << 20;  ///< bytes of stdout; what writes more is killed
  /// The output is read from so long after the start, or at the exit: watching pipes costs more
  /// than a short command does. Until then it has the room of a pipe, 64 KiB.
  Duration watch_after = std::chrono::milliseconds(5);
};

/// One run of a command on an input. stdin is fed and stdout and stderr are read without blocking.
/// It is over when the process exits: what lies in the pipes by then counts, what a process that it
/// left behind might write later does not.
///
/// Destroying it kills the command and its group, and `done` is not called. Used on the Reactor's
/// thread only.
class CommandRun {
 public:
  /// Starts the command. `done` is called once, from the Reactor, also when the command could not
  /// start; it may destroy the CommandRun.
  CommandRun(Reactor& reactor, CommandSpec spec, std::function<void(Outcome)> done);
  CommandRun(const CommandRun&) = delete;
  CommandRun& operator=(const CommandRun&) = delete;

  /// Ends the command as when its time is up; `done` follows with timed_out.
  void end();

  pid_t pid() const noexcept { return process_.pid(); }  ///< 0 when it does not run

 private:
  int start(const Command& command, Duration watch_after);
  void watch_output();
  int open_input(Pipe& pipe);
  void feed();
  void take_output(std::string_view text);
  void on_exit(Exit exit);
  void finish();

  Reactor& reactor_;
  Bytes input_;
  std::size_t output_limit_;
  std::function<void(Outcome)> done_;
  Outcome outcome_;
  std::optional<Outcome::Kind> verdict_;  // why we ended it, when we did
  Tail error_tail_{Outcome::tail_bytes};
  std::optional<PipeDrain> output_;
  std::optional<PipeDrain> errors_;
  Fd input_pipe_;
  Registration feeding_;
  Registration watching_;  // a timer
  Registration timer_;
  Process process_;
};

/// `argv` with every `{}` within each argument replaced by `text`, each staying one argument. Fails
/// where `text` would have to be an argument and holds a NUL byte.
Result<std::vector<std::string>> substitute(const std::vector<std::string>& argv,
                                            std::string_view text);

}  // namespace shoal::runtime
