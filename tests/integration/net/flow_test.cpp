#include <doctest/doctest.h>

#include "support/node.hpp"
#include "support/tcp_proxy.hpp"

using namespace shoal;
using namespace shoal::net;
using namespace shoal::test;
using namespace std::chrono_literals;

namespace {

/// A sink and a worker with a proxy between them.
struct ThroughProxy {
  explicit ThroughProxy(Duration heartbeat)
      : sink(loop.context, loop.reactor, with(listening("sink", {"worker"}), heartbeat)),
        proxy(port_of(sink.endpoint())),
        worker(loop.context, loop.reactor,
               with(dialling(proxy.endpoint(), "worker", {"sink"}), heartbeat)) {
    REQUIRE(loop.until([&] { return sink.is_up() && worker.is_up(); }));
  }

  static PortOptions with(PortOptions options, Duration heartbeat) {
    options.heartbeat = heartbeat;
    return options;
  }

  Loop loop;
  Node sink;
  TcpProxy proxy;
  Node worker;
};

}  // namespace

TEST_CASE("flow: PORT-22 nothing is lost towards a peer that reads slowly") {
  constexpr int count = 100'000;
  Loop fast;
  Loop slow;
  Node sink(slow.context, slow.reactor, listening("sink", {"worker"}));
  PortOptions dial = dialling(sink.endpoint(), "worker", {"sink"});
  dial.limits.queue_bytes = 64UL << 10;
  Node worker(fast.context, fast.reactor, dial);
  while (!worker.is_up() || !sink.is_up()) {
    fast.reactor.run_once(1ms);
    slow.reactor.run_once(1ms);
  }
  int received = 0;
  bool in_order = true;
  sink.on_each = [&](PeerId, wire::Message& message) {
    in_order = in_order && message.head.view() == std::to_string(received);
    ++received;
  };
  int taken = 0;
  int turned_away = 0;
  Bytes body = Bytes::copy(std::string(200, 'x'));
  Time end = std::chrono::steady_clock::now() + 60s;
  while (received < count && std::chrono::steady_clock::now() < end) {
    while (taken < count) {
      Sent sent = worker.port().send(worker.peer(),
                                     {.head = Bytes::copy(std::to_string(taken)), .body = body});
      REQUIRE(sent != Sent::gone);
      if (sent == Sent::full) {
        ++turned_away;
        break;
      }
      ++taken;
    }
    // The reader has one turn in many, so the sender is nearly always ahead of it.
    for (int turn = 0; turn < 4; ++turn) fast.reactor.run_once(0s);
    slow.reactor.run_once(0s);
  }
  CHECK(received == count);
  CHECK(in_order);
  CHECK(turned_away > 0);
  CHECK(worker.writable > 0);
}

TEST_CASE("flow: a full queue answers full, and tells when there is room again") {
  ThroughProxy path(1s);
  path.proxy.stall(true);
  std::string body(100'000, 'x');
  PortLimits limits;
  int taken = 0;
  while (path.worker.send(body) != Sent::full) ++taken;
  CHECK(static_cast<std::size_t>(taken) * body.size() >= limits.queue_bytes - body.size());
  CHECK(static_cast<std::size_t>(taken) * body.size() <= limits.queue_bytes + (2UL << 20));
  CHECK(path.worker.writable == 0);
  path.proxy.stall(false);
  REQUIRE(path.loop.until([&] { return path.worker.writable == 1; }));
  CHECK(path.worker.send(body) == Sent::queued);
}

TEST_CASE("flow: PORT-21 a large message over a slow link never looks dead") {
  ThroughProxy path(100ms);
  path.proxy.set_rate(2'000'000);
  std::string bulk(8'000'000, 'x');
  path.worker.send(bulk);
  REQUIRE(path.loop.until([&] { return path.sink.messages.size() == 1; }, 60s));
  CHECK(path.sink.messages[0].second.body.size() == bulk.size());
  CHECK(path.sink.downs.empty());
  CHECK(path.worker.downs.empty());
}

TEST_CASE("flow: PORT-20 an idle session lives, and one whose link is mute dies") {
  ThroughProxy path(50ms);
  path.loop.pass(500ms);
  CHECK(path.sink.downs.empty());
  CHECK(path.worker.downs.empty());
  path.proxy.stall(true);
  REQUIRE(path.loop.until([&] { return !path.sink.downs.empty() && !path.worker.downs.empty(); }));
  CHECK(path.sink.downs[0].second.reason == "silent for 150ms");
  CHECK_FALSE(path.sink.downs[0].second.left);
  path.proxy.stall(false);
  path.proxy.cut();
  CHECK(path.loop.until([&] { return path.worker.ups.size() == 2 && path.sink.is_up(); }));
}

TEST_CASE("flow: PORT-25 a peer with shorter heartbeats than ours does not take us for dead") {
  Loop loop;
  PortOptions listen = listening("sink", {"worker"});
  listen.heartbeat = 10s;
  Node sink(loop.context, loop.reactor, listen);
  PortOptions dial = dialling(sink.endpoint(), "worker", {"sink"});
  dial.heartbeat = 50ms;
  Node worker(loop.context, loop.reactor, dial);
  REQUIRE(loop.until([&] { return worker.is_up(); }));
  loop.pass(500ms);
  CHECK(worker.downs.empty());
}

TEST_CASE("flow: a process that was busy itself does not blame its peers") {
  Loop here;
  Loop there;
  PortOptions listen = listening("sink", {"worker"});
  listen.heartbeat = 50ms;
  Node sink(there.context, there.reactor, listen);
  PortOptions dial = dialling(sink.endpoint(), "worker", {"sink"});
  dial.heartbeat = 50ms;
  dial.missed_heartbeats = 1000;
  Node worker(here.context, here.reactor, dial);
  while (!worker.is_up() || !sink.is_up()) {
    here.reactor.run_once(1ms);
    there.reactor.run_once(1ms);
  }
  here.pass(400ms);  // in which the sink's loop stands still
  there.reactor.run_once(0s);
  there.reactor.run_once(0s);
  CHECK(sink.downs.empty());
}

TEST_CASE("flow: PORT-23 the end of a peer is noticed at once on either side") {
  Loop loop;
  auto sink = std::make_unique<Node>(loop.context, loop.reactor, listening("sink", {"worker"}));
  auto dial = [&] {
    return std::make_unique<Node>(loop.context, loop.reactor,
                                  dialling(sink->endpoint(), "worker", {"sink"}));
  };
  auto one = dial();
  auto two = dial();
  REQUIRE(loop.until([&] { return one->is_up() && two->is_up(); }));
  // Well below the three seconds after which silence would have told.
  one.reset();
  REQUIRE(loop.until([&] { return !sink->downs.empty(); }, 1s));
  CHECK(sink->downs[0].second.reason == "connection lost");
  CHECK(two->downs.empty());
  sink.reset();
  CHECK(loop.until([&] { return !two->downs.empty(); }, 1s));
}

TEST_CASE("flow: closing gives up on a peer that does not answer when the limit has passed") {
  ThroughProxy path(1s);
  path.proxy.stall(true);
  path.worker.port().close(100ms);
  CHECK_FALSE(path.worker.port().closed());
  REQUIRE(path.loop.until([&] { return path.worker.port().closed(); }, 900ms));
  CHECK_FALSE(path.worker.downs.at(0).second.left);
}

TEST_CASE("flow: PORT-31, PORT-32 both sides may say goodbye at once") {
  Loop loop;
  Node sink(loop.context, loop.reactor, listening("sink", {"worker"}));
  Node worker(loop.context, loop.reactor, dialling(sink.endpoint(), "worker", {"sink"}));
  REQUIRE(loop.until([&] { return sink.is_up() && worker.is_up(); }));
  std::string bulk(1'000'000, 'x');
  sink.send(bulk);
  worker.send(bulk);
  sink.port().close(20s);
  worker.port().close(20s);
  REQUIRE(loop.until([&] { return sink.port().closed() && worker.port().closed(); }));
  CHECK(sink.messages.size() == 1);
  CHECK(worker.messages.size() == 1);
  CHECK(sink.downs.at(0).second.left);
  CHECK(worker.downs.at(0).second.left);
}
