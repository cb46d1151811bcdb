#include <doctest/doctest.h>

#include "support/node.hpp"
#include "support/tcp_proxy.hpp"

using namespace shoal;
using namespace shoal::net;
using namespace shoal::test;
using namespace std::chrono_literals;

TEST_CASE("session: PORT-10 both sides learn who the other is before any message") {
  Loop loop;
  PortOptions listen = listening("sink", {"worker"});
  listen.fields = {{"job", "one"}};
  Id sink_id = listen.node;
  Node sink(loop.context, loop.reactor, listen);
  PortOptions dial = dialling(sink.endpoint(), "worker", {"sink"});
  dial.fields = {{"slots", "4"}};
  Node worker(loop.context, loop.reactor, dial);
  CHECK_FALSE(worker.port().had_peer());
  CHECK_FALSE(worker.port().all_dialled());
  REQUIRE(loop.until([&] { return sink.is_up() && worker.is_up(); }));
  CHECK(worker.port().all_dialled());
  CHECK(sink.ups.at(0).second.node == dial.node);
  CHECK(sink.ups.at(0).second.role == "worker");
  CHECK(sink.ups.at(0).second.fields == dial.fields);
  CHECK(worker.ups.at(0).second.node == sink_id);
  CHECK(worker.ups.at(0).second.fields.at("job") == "one");
  CHECK(worker.send("result", "head") == Sent::sent);
  CHECK(sink.send("", "ack") == Sent::sent);
  REQUIRE(loop.until([&] { return !sink.messages.empty() && !worker.messages.empty(); }));
  CHECK(sink.messages[0].second.head.view() == "head");
  CHECK(sink.messages[0].second.body.view() == "result");
  CHECK(worker.messages[0].second.head.view() == "ack");
  CHECK(worker.messages[0].second.body.empty());
}

TEST_CASE("session: PORT-1 nodes start in any order") {
  Loop loop;
  std::string endpoint = free_endpoint();
  Node worker(loop.context, loop.reactor, dialling(endpoint, "worker", {"sink"}));
  loop.pass(50ms);
  CHECK_FALSE(worker.is_up());
  PortOptions late = port_options("sink", {"worker"});
  late.binds = {endpoint};
  Node sink(loop.context, loop.reactor, late);
  CHECK(loop.until([&] { return sink.is_up() && worker.is_up(); }));
}

TEST_CASE("session: messages of every size arrive whole and in order") {
  Loop loop;
  Node sink(loop.context, loop.reactor, listening("sink", {"worker"}));
  Node worker(loop.context, loop.reactor, dialling(sink.endpoint(), "worker", {"sink"}));
  REQUIRE(loop.until([&] { return worker.is_up(); }));
  std::vector<std::size_t> sizes = {0,     1,     33,     34,     1023,    1024, 1025,
                                    16384, 16385, 262144, 262145, 5000000, 100,  0};
  std::string bulk(5'000'000, ' ');
  for (std::size_t i = 0; i < bulk.size(); ++i)
    bulk[i] = static_cast<char>('a' + i % 23 + i / 99991 % 3);
  for (std::size_t size : sizes) {
    CHECK(worker.send(std::string_view(bulk).substr(0, size), std::to_string(size)) <=
          Sent::queued);
  }
  REQUIRE(loop.until([&] { return sink.messages.size() == sizes.size(); }));
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    CAPTURE(sizes[i]);
    CHECK(sink.messages[i].second.head.view() == std::to_string(sizes[i]));
    CHECK((sink.messages[i].second.body.view() == std::string_view(bulk).substr(0, sizes[i])));
  }
}

TEST_CASE("session: PORT-30 a goodbye comes after all that was sent, on both sides") {
  Loop loop;
  Node sink(loop.context, loop.reactor, listening("sink", {"worker"}));
  Node worker(loop.context, loop.reactor, dialling(sink.endpoint(), "worker", {"sink"}));
  REQUIRE(loop.until([&] { return worker.is_up() && sink.is_up(); }));
  std::string bulk(3'000'000, 'x');
  worker.send(bulk, "from the one who leaves");
  sink.send(bulk, "from the one who stays");
  worker.port().close(20s);
  CHECK_FALSE(worker.port().closed());
  CHECK(worker.send("too late") == Sent::gone);
  REQUIRE(loop.until([&] { return worker.port().closed() && !sink.downs.empty(); }));
  REQUIRE(worker.downs.size() == 1);
  CHECK(worker.downs[0].second.left);
  CHECK(sink.downs[0].second.left);
  REQUIRE(sink.messages.size() == 1);
  REQUIRE(worker.messages.size() == 1);
  CHECK(sink.messages[0].second.body.size() == bulk.size());
  CHECK(worker.messages[0].second.body.size() == bulk.size());
  CHECK(sink.send("nobody there") == Sent::gone);
}
