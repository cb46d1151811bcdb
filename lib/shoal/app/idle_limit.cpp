#include <shoal/app/idle_limit.hpp>

namespace shoal::app {

IdleLimit::IdleLimit(runtime::Reactor& reactor, std::optional<Duration> limit)
    : reactor_(reactor), limit_(limit), last_moved_(reactor.now()) {
  arm();
}

void IdleLimit::peer_seen() noexcept {
  peer_seen_ = true;
  moved();
}

void IdleLimit::arm() {
  // Compared this way round because the latest possible Time lies within a long limit's reach.
  if (!limit_ || *limit_ > never - last_moved_) return;
  timer_ = reactor_.at(last_moved_ + *limit_, [this] { due(); });
}

void IdleLimit::due() {
  if (reactor_.now() - last_moved_ < *limit_) return arm();
  expired_ = peer_seen_ ? ExitCode::incomplete : ExitCode::no_peer;
}

}  // namespace shoal::app
