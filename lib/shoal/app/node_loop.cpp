#include <shoal/app/idle_limit.hpp>
#include <shoal/app/logging.hpp>
#include <shoal/app/node_loop.hpp>
#include <shoal/base/units.hpp>

namespace shoal::app {

std::optional<int> run_node(runtime::Reactor& reactor, const DrainSignals& signals,
                            std::optional<Duration> timeout, const NodeState& node) {
  IdleLimit idle(reactor, timeout);
  std::uint64_t last = node.moved();
  bool peer_seen = false;
  auto look = [&] {
    // Once: a peer that is merely there moves nothing.
    if (!std::exchange(peer_seen, node.had_peer()) && peer_seen) idle.peer_seen();
    if (node.moved() != last) idle.moved();
    last = node.moved();
  };
  runtime::Registration looking;
  if (timeout)
    looking = reactor.every(
        std::min<Duration>(*timeout / 8, std::chrono::milliseconds(100)) + Duration(1), look);
  reactor.run_until([&] { return node.finished() || signals.leave_now() || idle.expired(); });
  if (node.finished()) return std::nullopt;
  if (signals.leave_now()) return signals.exit_code();
  std::string why = *idle.expired() == ExitCode::no_peer ? "no peer came" : "nothing moved";
  log_error(why + " for " + format_duration(*timeout) + "; giving up (-W)");
  return static_cast<int>(*idle.expired());
}

}  // namespace shoal::app
