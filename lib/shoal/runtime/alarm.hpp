#pragma once

#include <functional>

#include <shoal/runtime/reactor.hpp>

namespace shoal::runtime {

/// Wakes a core at the time at which it next wants `tick`, which may change with every message.
/// Setting it later costs nothing: it then rings at the earlier time too. Used on the Reactor's
/// thread only.
class Alarm {
 public:
  /// `ring` may set it again. The Reactor outlives this.
  Alarm(Reactor& reactor, std::function<void()> ring) : reactor_(reactor), ring_(std::move(ring)) {}
  Alarm(const Alarm&) = delete;
  Alarm& operator=(const Alarm&) = delete;

  /// Rings at `when` at the latest; `never` asks for nothing.
  void set(Time when) {
    if (when >= armed_) return;
    armed_ = when;
    timer_ = reactor_.at(when, [this] {
      armed_ = never;
      ring_();
    });
  }

 private:
  Reactor& reactor_;
  std::function<void()> ring_;
  Time armed_ = never;
  Registration timer_;
};

}  // namespace shoal::runtime
