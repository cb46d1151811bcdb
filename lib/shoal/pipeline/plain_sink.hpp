#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <shoal/base/fd.hpp>
#include <shoal/net/plain_socket.hpp>
#include <shoal/pipeline/result_format.hpp>
#include <shoal/runtime/byte_sink.hpp>
#include <shoal/runtime/reactor.hpp>

namespace shoal::pipeline {

struct PlainSinkOptions {
  std::vector<std::string> binds;     ///< endpoint lists; with no connects either: the default
  std::vector<std::string> connects;  ///< endpoint lists of workers that listen
  std::optional<std::filesystem::path> output;  ///< begun anew; empty: stdout
  ResultFormat format = ResultFormat::plain;
  std::optional<std::uint64_t> count;  ///< leave after so many results
};

/// Writes each message that it pulls, as it arrives: a line, unless the format says otherwise. A
/// message that ends with a line feed gets no second one. Reactor's thread only.
class PlainSink {
 public:
  /// Throws Error as PlainSocket does, and when the output cannot be written. Context and reactor
  /// outlive it.
  PlainSink(net::Context& context, runtime::Reactor& reactor, PlainSinkOptions options);

  /// Takes no more and writes what it has.
  void drain();

  /// Whether it has all results it was to wait for, or no more wanted, and has written them. Throws
  /// Error when the output cannot be written.
  bool finished() const;

  std::uint64_t kept() const { return kept_; }
  bool complete() const { return options_.count == kept_; }
  bool had_peer() const { return socket_.had_peer(); }

  /// Whether the reader of the output is gone.
  bool output_closed() const { return output_.state() == runtime::ByteSink::State::closed; }

 private:
  bool take_results();
  void write(const Bytes& result);

  PlainSinkOptions options_;
  Fd opened_;
  net::PlainSocket socket_;
  runtime::ByteSink output_;
  std::uint64_t kept_ = 0;
  bool draining_ = false;
};

}  // namespace shoal::pipeline
