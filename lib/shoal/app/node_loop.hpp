#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <utility>

#include <shoal/app/common_options.hpp>
#include <shoal/app/progress_text.hpp>
#include <shoal/app/signals.hpp>
#include <shoal/base/clock.hpp>
#include <shoal/net/context.hpp>
#include <shoal/runtime/reactor.hpp>

namespace shoal::app {

/// Descriptors that a node needs beside those of its commands: the loop's, libzmq's, a few peers'.
inline constexpr std::uint64_t least_fds = 48;

/// What every node that has peers is told; a node's own Options derive from it.
struct NodeOptions {
  CommonOptions common;
  net::SecurityOptions security;
  std::optional<Duration> idle_limit;  ///< -W: leave when nothing has moved for so long
};

/// What the loop asks of a node, and how it tells it to stop.
struct NodeState {
  std::function<void()> drain;                ///< the first signal: do no more than what is begun
  std::function<bool()> finished;             ///< it has done its work and said goodbye
  std::function<std::uint64_t()> moved;       ///< changes whenever something has moved
  std::function<bool()> had_peer;             ///< there was a peer at some time
  std::function<ProgressState()> progress{};  ///< for the live line; without it there is none
  std::optional<Duration> drains_for_at_most = {};  ///< after that it counts as finished
};

/// What every node's main builds first and lets go of last: Reactor, signals, Context. The node
/// itself is built on these, and run.
class NodeLoop {
 public:
  /// Blocks signals and starts libzmq's threads. Throws Error (not_allowed) for keys that do not
  /// hold. `options` must outlive this.
  explicit NodeLoop(const NodeOptions& options);
  NodeLoop(const NodeLoop&) = delete;
  NodeLoop& operator=(const NodeLoop&) = delete;

  runtime::Reactor& reactor() noexcept { return reactor_; }
  net::Context& context() noexcept { return context_; }

  /// Runs the node until it has finished, a second signal asks it to leave at once, or nothing has
  /// moved for the idle limit. Returns nothing when it has finished, else the exit code. Once.
  std::optional<int> run(const NodeState& node);

  /// Since this was built.
  Duration elapsed() const { return reactor_.now() - begun_; }

  /// 128 + the number of the signal that it was asked to stop with; 0 without one.
  int signal_code() const noexcept { return signals_.exit_code(); }

 private:
  void drain();

  const NodeOptions& options_;
  const NodeState* running_ = nullptr;
  bool overdue_ = false;  // to drain has taken too long
  runtime::Reactor reactor_;
  runtime::Registration overdue_timer_;
  DrainSignals signals_;
  net::Context context_;
  Time begun_;
};

}  // namespace shoal::app
