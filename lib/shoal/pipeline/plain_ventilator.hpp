#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <shoal/base/error.hpp>
#include <shoal/net/plain_socket.hpp>
#include <shoal/pipeline/task_input.hpp>
#include <shoal/runtime/reactor.hpp>

namespace shoal::pipeline {

struct PlainVentilatorOptions {
  std::vector<std::string> binds;     ///< endpoint lists; with no connects either: the default
  std::vector<std::string> connects;  ///< endpoint lists of workers that listen
  TaskInputOptions input;
};

/// Pushes the tasks of an input, each a message without its delimiter, to whichever PULL sockets
/// are connected and have room: at most once. Reactor's thread only.
class PlainVentilator {
 public:
  /// Throws Error as PlainSocket and TaskInput do. Context and reactor outlive it.
  PlainVentilator(net::Context& context, runtime::Reactor& reactor, PlainVentilatorOptions options);

  /// Hands out nothing more.
  void drain();

  /// Whether all that was handed out has been written to the workers.
  bool finished() const { return socket_.closed(); }

  std::uint64_t sent() const { return sent_; }  ///< tasks handed out
  bool complete() const { return complete_; }   ///< the whole input was handed out
  bool had_peer() const { return socket_.had_peer(); }

  /// What was wrong with the input, if anything.
  const std::optional<Error>& input_error() const { return input_error_; }

 private:
  bool hand_out();
  bool read_block();
  Bytes next_task() const;

  TaskInput input_;
  wire::Batch block_;       // being handed out
  std::size_t offset_ = 0;  // of its payload, up to where it has been
  std::uint64_t sent_ = 0;
  bool complete_ = false;
  std::optional<Error> input_error_;
  net::PlainSocket socket_;
};

}  // namespace shoal::pipeline
