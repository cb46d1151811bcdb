#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>

#include <shoal/base/bytes.hpp>
#include <shoal/base/error.hpp>
#include <shoal/base/fd.hpp>
#include <shoal/runtime/byte_queue.hpp>
#include <shoal/runtime/reactor.hpp>

namespace shoal::runtime {

/// What a ByteSink tells, always from the Reactor. May write more, but not destroy the sink.
struct ByteSinkEvents {
  std::function<void()> drained;  ///< all that was written has left; may be empty
  std::function<void()> stopped;  ///< once: it is closed or has failed; may be empty
};

/// Writes Bytes in order to a pipe, a terminal, a socket or a file. What is written in one round of
/// the Reactor goes out together before it waits. Pipes and terminals never hold up the loop; a
/// file does for as long as its writes take. Used on the Reactor's thread only.
///
/// stdout may be shared with other programs, which would be surprised if it became non-blocking. So
/// a pipe or a terminal is opened anew (through /proc) as a description of our own. Where that is
/// refused, because it belongs to another user, we ask before each write and write no more than
/// what a pipe that is writable has room for: PIPE_BUF bytes.
class ByteSink {
 public:
  enum class State {
    open,
    closed,  ///< the reader is gone: a reason to end quietly
    failed,  ///< error() says why
  };

  /// `fd` stays the caller's and outlives the sink; `name` is what error() calls it.
  ByteSink(Reactor& reactor, int fd, std::string name, ByteSinkEvents events);
  ByteSink(const ByteSink&) = delete;
  ByteSink& operator=(const ByteSink&) = delete;

  /// Takes `bytes` to write; drops them when the sink is no longer open.
  void write(Bytes bytes);

  /// Writes what can be written without waiting, now instead of before the Reactor waits.
  void flush();

  std::size_t pending_bytes() const noexcept { return queue_.bytes(); }  ///< taken, not written
  State state() const noexcept { return state_; }

  /// Why it failed, such as a full disk; asserts that it did.
  const Error& error() const;

 private:
  bool work();
  bool write_some();
  void watch_for(std::uint32_t events);
  void stop(State state);

  Reactor& reactor_;
  std::string name_;
  ByteSinkEvents events_;
  Fd own_;  // our own description of a pipe or terminal
  int fd_;
  bool pollable_ = false;  // not a file
  bool careful_ = false;   // pollable, and a write might wait
  State state_ = State::open;
  std::optional<Error> error_;
  ByteQueue queue_;
  bool blocked_ = false;  // until the descriptor is writable
  bool tell_drained_ = false;
  bool tell_stopped_ = false;
  Registration watching_;
  Registration working_;
};

}  // namespace shoal::runtime
