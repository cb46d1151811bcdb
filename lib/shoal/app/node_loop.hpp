#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include <shoal/app/signals.hpp>
#include <shoal/base/clock.hpp>
#include <shoal/runtime/reactor.hpp>

namespace shoal::app {

/// What a node's loop asks the node.
struct NodeState {
  std::function<bool()> finished;        ///< it has done its work and said goodbye
  std::function<std::uint64_t()> moved;  ///< changes whenever something has moved
  std::function<bool()> had_peer;        ///< there was a peer at some time
};

/// Runs a node until it has finished, a second signal asks it to leave at once, or nothing has
/// moved for `timeout` (-W; see IdleLimit). Returns nothing when it has finished, else the exit
/// code.
std::optional<int> run_node(runtime::Reactor& reactor, const DrainSignals& signals,
                            std::optional<Duration> timeout, const NodeState& node);

}  // namespace shoal::app
