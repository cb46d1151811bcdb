#include <algorithm>

#include <shoal/app/idle_limit.hpp>
#include <shoal/app/logging.hpp>
#include <shoal/app/node_loop.hpp>
#include <shoal/app/progress.hpp>
#include <shoal/base/units.hpp>
#include <shoal/runtime/startup.hpp>

namespace shoal::app {
namespace {

const NodeOptions& with_descriptors(const NodeOptions& options) {
  runtime::require_fds(least_fds);
  return options;
}

}  // namespace

NodeLoop::NodeLoop(const NodeOptions& options)
    : options_(with_descriptors(options)),
      signals_(reactor_, [this] { drain(); }),
      context_(reactor_, options.security),
      begun_(reactor_.now()) {}

void NodeLoop::drain() {
  if (running_ == nullptr) return;
  if (running_->drains_for_at_most) {
    overdue_timer_ =
        reactor_.at(reactor_.now() + *running_->drains_for_at_most, [this] { overdue_ = true; });
  }
  running_->drain();
}

std::optional<int> NodeLoop::run(const NodeState& node) {
  running_ = &node;
  Progress line(reactor_, node.progress && wants_progress(options_.common), node.progress);
  IdleLimit idle(reactor_, options_.idle_limit);
  std::uint64_t last = node.moved();
  bool peer_seen = false;
  auto look = [&] {
    // Once: a peer that is merely there moves nothing.
    if (!std::exchange(peer_seen, node.had_peer()) && peer_seen) idle.peer_seen();
    if (node.moved() != last) idle.moved();
    last = node.moved();
  };
  runtime::Registration looking;
  if (options_.idle_limit) {
    Duration period = std::min<Duration>(*options_.idle_limit / 8, std::chrono::milliseconds(100));
    looking = reactor_.every(period + Duration(1), look);
  }
  auto finished = [&] { return node.finished() || overdue_; };
  reactor_.run_until([&] { return finished() || signals_.leave_now() || idle.expired(); });
  running_ = nullptr;
  if (finished()) return std::nullopt;
  if (signals_.leave_now()) return signals_.exit_code();
  std::string why = *idle.expired() == ExitCode::no_peer ? "no peer came" : "nothing moved";
  log_error(why + " for " + format_duration(*options_.idle_limit) + "; giving up (-W)");
  return static_cast<int>(*idle.expired());
}

}  // namespace shoal::app
