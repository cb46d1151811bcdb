#pragma once

#include <string>

#include <shoal/runtime/reactor.hpp>

namespace shoal::runtime {

/// A command that is to answer line by line and buffers its output holds back the first answer for
/// ever. This says so on stderr, once, when nothing has come for five seconds. Used on the
/// Reactor's thread only.
class BufferingHint {
 public:
  /// `command` is what people call it. The Reactor outlives this.
  BufferingHint(Reactor& reactor, std::string command)
      : reactor_(reactor), command_(std::move(command)) {}
  BufferingHint(const BufferingHint&) = delete;
  BufferingHint& operator=(const BufferingHint&) = delete;

  void asked();     ///< the command has been given a line
  void answered();  ///< the command has answered one; from then on this is silent

 private:
  Reactor& reactor_;
  std::string command_;
  bool answered_ = false;
  Registration reminder_;
};

}  // namespace shoal::runtime
