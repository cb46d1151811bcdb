#include <csignal>

#include <shoal/app/logging.hpp>
#include <shoal/app/signals.hpp>

namespace shoal::app {

DrainSignals::DrainSignals(runtime::Reactor& reactor, std::function<void()> on_drain)
    : on_drain_(std::move(on_drain)),
      interrupt_(reactor.on_signal(SIGINT, [this] { received(SIGINT); })),
      terminate_(reactor.on_signal(SIGTERM, [this] { received(SIGTERM); })) {}

DrainSignals::~DrainSignals() {
  // The node is ending as it was asked to; one more request must not change its exit status.
  std::signal(SIGINT, SIG_IGN);
  std::signal(SIGTERM, SIG_IGN);
}

void DrainSignals::received(int signal) {
  latest_ = signal;
  if (++signals_ > 1) return;
  log_info("finishing what has begun; the same signal again leaves at once");
  on_drain_();
}

}  // namespace shoal::app
