#pragma once

#include <optional>

#include <shoal/base/clock.hpp>
#include <shoal/base/error.hpp>
#include <shoal/runtime/reactor.hpp>

namespace shoal::app {

/// -W/--timeout: the node gives up when no peer is there, or none has moved anything, for a given
/// time. Wakes the Reactor when that time has passed; ask expired() in the end condition.
class IdleLimit {
 public:
  /// Counts from now; without a limit it never expires. The Reactor must outlive this.
  IdleLimit(runtime::Reactor& reactor, std::optional<Duration> limit);
  IdleLimit(const IdleLimit&) = delete;
  IdleLimit& operator=(const IdleLimit&) = delete;

  /// Something moved: begin to count anew. Cheap enough for every message.
  void moved() noexcept { last_moved_ = reactor_.now(); }

  /// A peer is there.
  void peer_seen() noexcept;

  /// Once the limit has passed, and for good: no_peer (69) when there never was a peer, incomplete
  /// (75) when there was.
  std::optional<ExitCode> expired() const noexcept { return expired_; }

 private:
  void arm();
  void due();

  runtime::Reactor& reactor_;
  std::optional<Duration> limit_;
  Time last_moved_;
  bool peer_seen_ = false;
  std::optional<ExitCode> expired_;
  runtime::Registration timer_;
};

}  // namespace shoal::app
