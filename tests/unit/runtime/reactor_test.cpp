#include <array>
#include <csignal>
#include <sys/epoll.h>

#include <doctest/doctest.h>

#include <shoal/base/fd.hpp>
#include <shoal/runtime/reactor.hpp>

using namespace shoal;
using namespace shoal::runtime;
using namespace std::chrono_literals;

namespace {

struct Pipe {
  Pipe() {
    std::array<int, 2> ends{};
    REQUIRE(pipe(ends.data()) == 0);
    out.reset(ends[0]);
    in.reset(ends[1]);
  }
  Fd out;
  Fd in;
};

}  // namespace

TEST_CASE("reactor: a readable descriptor calls back until its registration ends") {
  Reactor reactor;
  Pipe pipe;
  int calls = 0;
  Registration watching = reactor.watch(pipe.out.get(), EPOLLIN, [&](std::uint32_t events) {
    CHECK((events & EPOLLIN) != 0);
    if (++calls == 3) watching.reset();
  });
  REQUIRE(write(pipe.in.get(), "x", 1) == 1);
  reactor.run_until([&] { return calls == 3; });
  reactor.run_once(0s);
  CHECK(calls == 3);
}

TEST_CASE("reactor: timers run in the order of their times and stop when let go") {
  Reactor reactor;
  std::string order;
  Registration late = reactor.at(reactor.now() + 2ms, [&] { order += "b"; });
  Registration early = reactor.at(reactor.now() + 1ms, [&] { order += "a"; });
  Registration never_due = reactor.at(reactor.now() + 1ms, [&] { order += "x"; });
  never_due.reset();
  int ticks = 0;
  Registration ticking = reactor.every(1ms, [&] {
    if (++ticks == 4) ticking.reset();
  });
  reactor.run_until([&] { return ticks == 4 && order.size() == 2; });
  CHECK(order == "ab");
}

TEST_CASE("reactor: a check that did work keeps the loop from sleeping") {
  Reactor reactor;
  int left = 1000;
  Registration check = reactor.before_wait([&] { return left > 0 && left-- > 0; });
  reactor.run_until([&] { return left == 0; });
  CHECK(left == 0);
}

TEST_CASE("reactor: a signal calls back on the loop") {
  Reactor reactor;
  int received = 0;
  Registration usr1 = reactor.on_signal(SIGUSR1, [&] { ++received; });
  raise(SIGUSR1);
  reactor.run_until([&] { return received == 1; });
  CHECK(received == 1);
}

TEST_CASE("reactor: a callback may end another's registration in the same round") {
  Reactor reactor;
  Pipe one;
  Pipe two;
  Registration first;
  Registration second;
  int calls = 0;
  auto ready = [&](std::uint32_t) {
    ++calls;
    first.reset();
    second.reset();
  };
  first = reactor.watch(one.out.get(), EPOLLIN, ready);
  second = reactor.watch(two.out.get(), EPOLLIN, ready);
  REQUIRE(write(one.in.get(), "x", 1) == 1);
  REQUIRE(write(two.in.get(), "x", 1) == 1);
  reactor.run_until([&] { return calls > 0; });
  reactor.run_once(0s);
  CHECK(calls == 1);
}
