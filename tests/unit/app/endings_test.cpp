#include <csignal>

#include <doctest/doctest.h>

#include <shoal/app/idle_limit.hpp>
#include <shoal/app/logging.hpp>
#include <shoal/app/signals.hpp>

using namespace shoal;
using namespace shoal::app;
using namespace std::chrono_literals;

TEST_CASE("signals: the first drains, the second leaves at once") {
  set_up_logging({.node = "test", .least = LogLevel::error});
  runtime::Reactor reactor;
  int drains = 0;
  const DrainSignals signals(reactor, [&] { ++drains; });
  CHECK_FALSE(signals.draining());
  CHECK(signals.exit_code() == 0);

  raise(SIGINT);
  reactor.run_until([&] { return signals.draining(); });
  CHECK(drains == 1);
  CHECK_FALSE(signals.leave_now());
  CHECK(signals.exit_code() == 130);

  raise(SIGTERM);
  reactor.run_until([&] { return signals.leave_now(); });
  CHECK(drains == 1);
  CHECK(signals.exit_code() == 143);
}

TEST_CASE("idle limit: without a peer it ends with no_peer") {
  runtime::Reactor reactor;
  const IdleLimit idle(reactor, 5ms);
  CHECK_FALSE(idle.expired().has_value());
  reactor.run_until([&] { return idle.expired().has_value(); });
  CHECK(idle.expired() == ExitCode::no_peer);
}

TEST_CASE("idle limit: after a peer it ends with incomplete") {
  runtime::Reactor reactor;
  IdleLimit idle(reactor, 5ms);
  idle.peer_seen();
  reactor.run_until([&] { return idle.expired().has_value(); });
  CHECK(idle.expired() == ExitCode::incomplete);
}

TEST_CASE("idle limit: whatever moves puts it off") {
  runtime::Reactor reactor;
  const Time start = reactor.now();
  IdleLimit idle(reactor, 50ms);
  int moves = 0;
  runtime::Registration ticking = reactor.every(10ms, [&] {
    idle.moved();
    if (++moves == 10) ticking.reset();
  });
  reactor.run_until([&] { return idle.expired().has_value(); });
  CHECK(moves == 10);
  CHECK(reactor.now() - start >= 150ms);
}

TEST_CASE("idle limit: none, and one beyond the end of time, never expire") {
  runtime::Reactor reactor;
  const IdleLimit none(reactor, std::nullopt);
  const IdleLimit endless(reactor, Duration::max());
  reactor.run_once(1ms);
  CHECK_FALSE(none.expired().has_value());
  CHECK_FALSE(endless.expired().has_value());
}
