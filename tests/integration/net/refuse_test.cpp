#include <doctest/doctest.h>

#include <shoal/wire/port_frames.hpp>

#include "support/log_capture.hpp"
#include "support/node.hpp"
#include "support/raw_peer.hpp"
#include "support/tcp_proxy.hpp"

using namespace shoal;
using namespace shoal::net;
using namespace shoal::test;
using namespace std::chrono_literals;

namespace {

wire::Hello hello_as(std::string role) {
  wire::Hello hello;
  hello.node = Id::random();
  hello.role = std::move(role);
  return hello;
}

/// What a Port that accepts a worker answers to `hello`.
wire::Refuse refusal_of(Loop& loop, Node& sink, const wire::Hello& hello) {
  RawPeer raw(sink.endpoint());
  raw.send({wire::encode_hello(hello)});
  std::string answer;
  REQUIRE(loop.until([&] { return raw.receive(answer); }));
  REQUIRE(*wire::frame_kind(answer) == wire::FrameKind::refuse);
  return *wire::decode_refuse(wire::frame_content(answer));
}

}  // namespace

TEST_CASE("refuse: PORT-12 another major version, with the reason on both sides") {
  LogCapture log;
  Loop loop;
  Node sink(loop.context, loop.reactor, listening("sink", {"worker"}));
  wire::Hello hello = hello_as("worker");
  hello.major = wire::protocol_major + 1;
  wire::Refuse refuse = refusal_of(loop, sink, hello);
  CHECK(refuse.code == wire::RefuseCode::version);
  CHECK(refuse.reason.find("protocol 2.0 meets 1.0") == 0);
  CHECK(log.count("refused worker") == 1);
  CHECK(sink.ups.empty());
}

TEST_CASE("refuse: PORT-12 another minor version is welcome") {
  Loop loop;
  Node sink(loop.context, loop.reactor, listening("sink", {"worker"}));
  RawPeer raw(sink.endpoint());
  wire::Hello hello = hello_as("worker");
  hello.minor = wire::protocol_minor + 7;
  raw.send({wire::encode_hello(hello)});
  CHECK(loop.until([&] { return sink.is_up(); }));
}

TEST_CASE("refuse: PORT-13, PORT-19 a role that has no place here, said once on both sides") {
  LogCapture log;
  Loop loop;
  Node sink(loop.context, loop.reactor, listening("sink", {"worker"}));
  Node other(loop.context, loop.reactor, dialling(sink.endpoint(), "replier", {"sink"}));
  auto refused = [&] {
    return log.count("refused us: a sink talks to a worker, not to a replier");
  };
  REQUIRE(loop.until([&] { return refused() == 1; }));
  loop.pass(500ms);
  CHECK(refused() == 1);
  CHECK(log.count("refused replier") == 1);
  CHECK(sink.ups.empty());
  CHECK(other.ups.empty());
  CHECK_FALSE(other.port().all_dialled());
}

TEST_CASE("refuse: PORT-13 the dialler judges the listener's role as well") {
  LogCapture log;
  Loop loop;
  Node sink(loop.context, loop.reactor, listening("sink", {"worker"}));
  Node worker(loop.context, loop.reactor, dialling(sink.endpoint(), "worker", {"ventilator"}));
  REQUIRE(loop.until([&] { return !sink.downs.empty(); }));
  CHECK(worker.ups.empty());
  CHECK(sink.downs[0].second.reason == "a worker talks to a ventilator, not to a sink");
}

TEST_CASE("refuse: PORT-19 what a peer says is made safe for the terminal") {
  LogCapture log;
  Loop loop;
  Node sink(loop.context, loop.reactor, listening("sink", {"worker"}));
  refusal_of(loop, sink, hello_as("\x1b[2J" + std::string(100'000, 'x')));
  CHECK(log.text().find('\x1b') == std::string::npos);
  CHECK(log.count("\\x1b[2Jxxx") == 1);
  CHECK(log.text().size() < 500);
}

TEST_CASE("refuse: PORT-14 a second connection to the same node is redundant, and quiet") {
  LogCapture log;
  Loop loop;
  PortOptions listen = listening("sink", {"worker"});
  listen.binds.push_back("tcp://127.0.0.1:*");
  Node sink(loop.context, loop.reactor, listen);
  PortOptions dial = port_options("worker", {"sink"});
  dial.connects = {sink.port().bound().at(0), sink.port().bound().at(1)};
  Node worker(loop.context, loop.reactor, dial);
  REQUIRE(loop.until([&] { return worker.port().all_dialled(); }));
  loop.pass(300ms);
  CHECK(worker.ups.size() == 1);
  CHECK(sink.ups.size() == 1);
  CHECK(worker.downs.empty());
  CHECK(worker.port().all_dialled());
  CHECK(log.text().empty());
  worker.send("still works");
  CHECK(loop.until([&] { return sink.messages.size() == 1; }));
}

TEST_CASE("refuse: PORT-15 a node that dials itself has no session with itself") {
  Loop loop;
  PortOptions options = listening("peer", {"peer"});
  Node probe(loop.context, loop.reactor, options);
  options.binds = {};
  options.connects = {probe.endpoint()};
  Node same(loop.context, loop.reactor, options);
  CHECK(loop.until([&] { return same.port().all_dialled(); }));
  CHECK(same.ups.empty());
  CHECK(probe.ups.empty());
}

TEST_CASE("refuse: PORT-16 two nodes that dial each other at once keep one session") {
  for (int round = 0; round < 20; ++round) {
    Loop loop;
    std::string one_end = free_endpoint();
    std::string other_end = free_endpoint();
    PortOptions first = dialling(other_end, "peer", {"peer"});
    first.binds = {one_end};
    PortOptions second = dialling(one_end, "peer", {"peer"});
    second.binds = {other_end};
    Node one(loop.context, loop.reactor, first);
    Node other(loop.context, loop.reactor, second);
    REQUIRE(loop.until([&] { return one.port().all_dialled() && other.port().all_dialled(); }));
    loop.pass(30ms);
    CHECK(one.port().peer_count() == 1);
    CHECK(other.port().peer_count() == 1);
    CHECK(one.ups.size() == one.downs.size() + 1);
    CHECK(other.ups.size() == other.downs.size() + 1);
    one.send("to the other");
    REQUIRE(loop.until([&] { return other.messages.size() == 1; }));
  }
}

TEST_CASE("refuse: PORT-17 no more peers than the limit, until one goes") {
  LogCapture log;
  Loop loop;
  PortOptions listen = listening("sink", {"worker"});
  listen.limits.peers = 2;
  Node sink(loop.context, loop.reactor, listen);
  auto dial = [&] {
    return std::make_unique<Node>(loop.context, loop.reactor,
                                  dialling(sink.endpoint(), "worker", {"sink"}));
  };
  auto one = dial();
  auto two = dial();
  REQUIRE(loop.until([&] { return one->is_up() && two->is_up(); }));
  auto three = dial();
  REQUIRE(loop.until([&] { return log.count("refused us: no room for more than 2 peers") == 1; }));
  CHECK(three->ups.empty());
  one.reset();
  CHECK(loop.until([&] { return three->is_up(); }));
  CHECK(two->downs.empty());
}

TEST_CASE("refuse: PORT-17 a node that leaves takes no new peers") {
  Loop loop;
  Node sink(loop.context, loop.reactor, listening("sink", {"worker"}));
  sink.port().close(20s);
  CHECK(refusal_of(loop, sink, hello_as("worker")).code == wire::RefuseCode::leaving);
  CHECK(sink.port().closed());
}

TEST_CASE("refuse: a peer that the pattern drops is told why and may come again") {
  LogCapture log;
  Loop loop;
  Node sink(loop.context, loop.reactor, listening("sink", {"worker"}));
  Node worker(loop.context, loop.reactor, dialling(sink.endpoint(), "worker", {"sink"}));
  REQUIRE(loop.until([&] { return sink.is_up() && worker.is_up(); }));
  PeerId first = sink.peer();
  sink.port().drop(first, "it lies");
  CHECK(sink.downs.empty());
  CHECK(sink.port().send(first, {}) == Sent::gone);
  REQUIRE(loop.until([&] { return sink.downs.size() == 1 && worker.downs.size() == 1; }));
  CHECK(sink.downs[0].second.reason == "it lies");
  CHECK(worker.downs[0].second.reason == "it lies");
  CHECK(log.count("dropped worker") == 1);
  CHECK(log.count("refused us: it lies") == 1);
  REQUIRE(loop.until([&] { return sink.ups.size() == 2; }));
  CHECK(sink.peer() != first);
}
