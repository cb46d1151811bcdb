#pragma once

#include <functional>
#include <string>
#include <string_view>

#include <shoal/base/fd.hpp>
#include <shoal/runtime/reactor.hpp>

namespace shoal::runtime {

/// Both ends of a pipe; children do not inherit them.
struct Pipe {
  Fd out;  ///< to read from
  Fd in;   ///< to write to

  /// Makes a new pipe in this one's place: 0, or errno (EMFILE: too many descriptors).
  int open();
};

/// Makes writes to `fd` give EAGAIN instead of waiting. Only for descriptions that are ours alone.
void set_nonblocking(int fd);

/// Gives the pipe room for up to 1 MiB, where the system lets us; as it is otherwise.
void enlarge_pipe(int fd);

/// How many bytes lie in the pipe now.
std::size_t bytes_in_pipe(int fd);

/// A descriptor of /dev/null, open for the life of the process. Throws Error.
int null_device();

/// Reads a pipe as it fills and passes on what comes, until its end.
class PipeDrain {
 public:
  /// `take` gets each piece; it may close() the drain, but not destroy it. Nothing is read before
  /// watch() or finish().
  PipeDrain(Fd pipe, std::function<void(std::string_view)> take);
  PipeDrain(const PipeDrain&) = delete;
  PipeDrain& operator=(const PipeDrain&) = delete;

  /// Reads from now on. Throws Error where the Reactor cannot watch.
  void watch(Reactor& reactor);

  /// Takes what lies in the pipe now, without waiting for more, and closes it. Others may still
  /// hold its other end.
  void finish();
  void close();

 private:
  std::size_t read_some(std::size_t most);

  Fd pipe_;
  std::function<void(std::string_view)> take_;
  Registration watching_;
};

/// Keeps the last bytes of what is added.
class Tail {
 public:
  explicit Tail(std::size_t most) : most_(most) {}
  void add(std::string_view text);
  std::string take();

 private:
  std::size_t most_;
  std::string text_;
};

}  // namespace shoal::runtime
