#pragma once

#include <functional>

#include <shoal/runtime/reactor.hpp>

namespace shoal::app {

/// Ctrl-C and SIGTERM: the first asks the node to drain, a second to leave at once. Make it before
/// any other thread starts (a net::Context), because it blocks these signals.
class DrainSignals {
 public:
  /// `on_drain` is called once, on the Reactor's thread. The Reactor must outlive this.
  DrainSignals(runtime::Reactor& reactor, std::function<void()> on_drain);
  /// From here on the signals are ignored: the process is about to end.
  ~DrainSignals();
  DrainSignals(const DrainSignals&) = delete;
  DrainSignals& operator=(const DrainSignals&) = delete;

  bool draining() const noexcept { return signals_ > 0; }   ///< a signal has come
  bool leave_now() const noexcept { return signals_ > 1; }  ///< a second one has

  /// 128 + the number of the latest signal; 0 before the first.
  int exit_code() const noexcept { return latest_ == 0 ? 0 : 128 + latest_; }

 private:
  void received(int signal);

  std::function<void()> on_drain_;
  int signals_ = 0;
  int latest_ = 0;
  runtime::Registration interrupt_;
  runtime::Registration terminate_;
};

}  // namespace shoal::app
