#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>

#include <shoal/base/bytes.hpp>
#include <shoal/runtime/byte_queue.hpp>
#include <shoal/runtime/outcome.hpp>
#include <shoal/runtime/pipe.hpp>
#include <shoal/runtime/process.hpp>
#include <shoal/runtime/read_buffer.hpp>

namespace shoal::runtime {

struct LineProcessOptions {
  Command command;
  char delimiter = '\n';                  ///< ends each line, in and out
  std::size_t block_bytes = 256UL << 10;  ///< how much is read at a time
  std::size_t output_limit = 64UL << 20;  ///< bytes out for one unit; what writes more is killed
};

/// How a LineProcess ended.
struct LineDeath {
  Outcome outcome;                ///< without `output`
  std::uint64_t outstanding = 0;  ///< lines of the units that were given and not called back
  std::uint64_t answered = 0;     ///< how many of the oldest of them it did answer
};

/// One long-lived process that writes a line for each line it reads. Work comes and goes in units
/// of many lines; neither is looked at line by line nor copied, but for the piece of output that is
/// in hand when a block of memory is full.
///
/// Destroying it kills the process and its group. Used on the Reactor's thread only.
class LineProcess {
 public:
  /// Gets the output of the units in the order given: exactly `count` lines. May give() more, but
  /// not destroy the LineProcess.
  using OnLines = std::function<void(Bytes lines, std::uint64_t count)>;

  /// Called once, from the Reactor, when the process is gone: it could not start, it exited, or it
  /// was killed because it closed its stdin or stdout early, wrote more lines than it was given, or
  /// more than the limit. May destroy the LineProcess.
  using OnDeath = std::function<void(LineDeath)>;

  LineProcess(Reactor& reactor, LineProcessOptions options, OnLines on_lines, OnDeath on_death);
  LineProcess(const LineProcess&) = delete;
  LineProcess& operator=(const LineProcess&) = delete;

  /// Queues a unit: `count` (at least 1) lines, each with its delimiter. Never blocks; what has
  /// been given and not called back is for the caller to bound. After death it counts for nothing.
  void give(Bytes lines, std::uint64_t count);

  /// Closes its stdin once all that was given is written. It may then take its time to exit.
  void close_input();

  /// Whether it has written something while nothing was asked of it that has not been read yet:
  /// what is given now would get that for its answer.
  bool spoke_unasked() const;

  std::size_t units() const noexcept { return units_.size(); }  ///< given and not called back
  pid_t pid() const noexcept { return process_.pid(); }

 private:
  struct Unit {
    std::uint64_t count = 0;
    std::uint64_t missing = 0;  // lines of its output still to come
  };

  int start();
  void write_some();
  void stop_writing();
  void read_some();
  void deliver();
  void break_off(Outcome::Kind kind, std::string fault);
  void expect_exit(std::string fault);
  void read_rest();
  void on_exit(Exit exit);
  void die(Outcome outcome);

  Reactor& reactor_;
  LineProcessOptions options_;
  OnLines on_lines_;
  OnDeath on_death_;
  std::deque<Unit> units_;
  ByteQueue unwritten_;
  bool input_closed_ = false;  // by us
  ReadBuffer buffer_;
  std::size_t scanned_ = 0;         // how much of what is pending has been counted
  std::optional<Outcome> verdict_;  // why we ended it, when we did
  Tail error_tail_{Outcome::tail_bytes};
  Fd input_;
  Fd output_;
  std::optional<PipeDrain> errors_;
  Registration writing_;
  Registration reading_;
  Registration timer_;
  Process process_;
};

}  // namespace shoal::runtime
