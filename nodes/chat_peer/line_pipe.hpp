#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <shoal/runtime/block_source.hpp>
#include <shoal/runtime/byte_sink.hpp>

namespace shoal::nodes {

/// stdin and stdout as lines, where they are no terminal to edit lines in. Reactor's thread only.
class LinePipe {
 public:
  /// `line` gets each line of stdin, without its end, as long as `wants` says that it is wanted.
  /// The Reactor outlives this.
  LinePipe(runtime::Reactor& reactor, std::function<bool()> wants,
           std::function<void(std::string_view)> line);

  /// To be called when lines may be wanted. Throws Error: stdin cannot be read, or a line is longer
  /// than any that could be said.
  void pull();

  /// Throws Error: stdout cannot be written, or nobody reads it.
  void print(std::string text);

  bool ended() const { return ended_; }  ///< stdin has, and every line was taken
  bool closed() const { return output_.state() == runtime::ByteSink::State::closed; }
  bool is_printed() const { return closed() || output_.pending_bytes() == 0; }

 private:
  std::function<bool()> wants_;
  std::function<void(std::string_view)> line_;
  runtime::ByteSink output_;
  runtime::BlockSource input_;
  Bytes block_;
  std::string_view left_;  // of the block
  bool asked_ = false;     // for more, which is not there yet
  bool ended_ = false;
};

}  // namespace shoal::nodes
