
#include <doctest/doctest.h>
#include <zmq.hpp>

#include <shoal/base/error.hpp>
#include <shoal/net/keys.hpp>
#include <shoal/net/live_socket.hpp>

#include "support/log_capture.hpp"
#include "support/node.hpp"
#include "support/tcp_proxy.hpp"
#include "support/temp_dir.hpp"

using namespace shoal;
using namespace shoal::net;
using namespace shoal::test;
using namespace std::chrono_literals;
using namespace std::string_literals;

namespace {

const std::string side = "\0side"s;

bool idle() {
  return false;
}

PlainOptions on(std::vector<std::string> binds, std::vector<std::string> connects = {}) {
  return {.binds = std::move(binds), .connects = std::move(connects), .peer = "peer"};
}

/// A publisher that binds a free port, unless told otherwise.
struct Publisher {
  explicit Publisher(Loop& loop, PublishOptions options = {})
      : socket(loop.context, loop.reactor, completed(std::move(options)), idle) {}

  static PublishOptions completed(PublishOptions options) {
    PlainOptions& plain = options.plain;
    if (plain.binds.empty() && plain.connects.empty()) plain.binds = {"tcp://127.0.0.1:*"};
    options.side_topic = side;
    return options;
  }

  PublishSocket::Sent send(std::string_view topic, std::string_view payload = "p",
                           std::string_view header = "") {
    return socket.send(topic, Bytes::copy(payload), header);
  }

  std::string endpoint() const { return socket.bound().at(0); }

  PublishSocket socket;
};

/// A subscriber that keeps what it gets.
struct Subscriber {
  Subscriber(Context& context, runtime::Reactor& reactor, PlainOptions options,
             const std::vector<std::string>& prefixes = {""})
      : socket(context, reactor, std::move(options), [this] { return take(); }) {
    for (const std::string& prefix : prefixes) socket.subscribe(prefix);
  }

  bool take() {
    LiveMessage message;
    if (!socket.receive(message)) return false;
    messages.push_back(std::move(message));
    return true;
  }

  std::vector<LiveMessage> messages;
  SubscribeSocket socket;
};

/// A bare SUB that never reads.
struct Stalled {
  explicit Stalled(const std::string& endpoint) {
    socket.set(zmq::sockopt::rcvhwm, 1);
    socket.set(zmq::sockopt::rcvbuf, 4096);
    socket.set(zmq::sockopt::linger, 0);
    socket.set(zmq::sockopt::subscribe, "");
    socket.connect(endpoint);
  }

  zmq::context_t context;
  zmq::socket_t socket{context, zmq::socket_type::sub};
};

}  // namespace

TEST_CASE("live sockets: topic, payload and header arrive as they were, in order") {
  Loop loop;
  Publisher publisher(loop);
  Subscriber all(loop.context, loop.reactor, on({}, {publisher.endpoint()}));
  Subscriber some(loop.context, loop.reactor, on({}, {publisher.endpoint()}), {"a.", "c"});
  REQUIRE(loop.until([&] { return publisher.socket.subscribers() == 2; }));
  std::string big(5'000'000, 'x');
  publisher.send("a.b", "one", "head");
  publisher.send("b", big, std::string(2000, 'h'));
  publisher.send("cd", "", "head");
  REQUIRE(loop.until([&] { return all.messages.size() == 3 && some.messages.size() == 2; }));
  CHECK(all.messages[0].topic == "a.b");
  CHECK(all.messages[0].payload.view() == "one");
  CHECK(all.messages[0].header == "head");
  CHECK((all.messages[1].payload.view() == big));
  CHECK(all.messages[1].header.size() == 2000);
  CHECK(all.messages[2].payload.empty());
  CHECK(some.messages[0].topic == "a.b");
  CHECK(some.messages[1].topic == "cd");
}

TEST_CASE("live sockets: either side may bind, and one publisher may do both") {
  Loop loop;
  Subscriber bound(loop.context, loop.reactor, on({"tcp://127.0.0.1:*"}));
  Subscriber other(loop.context, loop.reactor, on({"tcp://127.0.0.1:*"}));
  Publisher publisher(loop, {.plain = on({"tcp://127.0.0.1:*"}, {bound.socket.bound().at(0),
                                                                 other.socket.bound().at(0)})});
  Subscriber dialling(loop.context, loop.reactor, on({}, {publisher.endpoint()}));
  REQUIRE(loop.until([&] { return publisher.socket.subscribers() == 3; }));
  for (int i = 0; i < 100; ++i) publisher.send("t", std::string(i % 2 == 0 ? 3000 : 3, 'x'));
  REQUIRE(loop.until([&] {
    return bound.messages.size() == 100 && other.messages.size() == 100 &&
           dialling.messages.size() == 100;
  }));
}

TEST_CASE("live sockets: subscribers are counted by connection, as they come and go") {
  Loop loop;
  Publisher publisher(loop);
  auto one =
      std::make_unique<Subscriber>(loop.context, loop.reactor, on({}, {publisher.endpoint()}),
                                   std::vector<std::string>{"a", "b", "c", side});
  Subscriber only_side(loop.context, loop.reactor, on({}, {publisher.endpoint()}), {side});
  REQUIRE(loop.until([&] { return publisher.socket.side_subscribers() == 2; }));
  CHECK(publisher.socket.subscribers() == 1);
  Stalled foreign(publisher.endpoint());
  REQUIRE(loop.until([&] { return publisher.socket.subscribers() == 2; }));
  one.reset();
  REQUIRE(loop.until([&] { return publisher.socket.side_subscribers() == 1; }));
  CHECK(publisher.socket.subscribers() == 1);
}

TEST_CASE("live sockets: an answer tells that all before it has arrived") {
  Loop loop;
  Publisher publisher(loop);
  Subscriber one(loop.context, loop.reactor, on({}, {publisher.endpoint()}), {"", side});
  Subscriber two(loop.context, loop.reactor, on({}, {publisher.endpoint()}), {"", side});
  REQUIRE(loop.until([&] { return publisher.socket.side_subscribers() == 2; }));
  publisher.socket.await_answers();
  CHECK_FALSE(publisher.socket.all_answered());
  publisher.send("last");
  REQUIRE(loop.until([&] { return one.messages.size() == 1 && two.messages.size() == 1; }));
  one.socket.answer(side);
  loop.pass(100ms);
  CHECK_FALSE(publisher.socket.all_answered());
  two.socket.answer(side);
  REQUIRE(loop.until([&] { return publisher.socket.all_answered(); }));
  REQUIRE(loop.until([&] { return publisher.socket.side_subscribers() == 2; }));
}

TEST_CASE("live sockets: close() lets what was handed out arrive") {
  Loop loop;
  PublishOptions options;
  options.plain.high_water = 0;
  options.plain.linger = 20s;
  Publisher publisher(loop, options);
  Subscriber subscriber(loop.context, loop.reactor, on({}, {publisher.endpoint()}));
  REQUIRE(loop.until([&] { return publisher.socket.subscribers() == 1; }));
  constexpr std::size_t count = 20'000;
  for (std::size_t i = 0; i < count; ++i) publisher.send("t", std::string(100, 'x'));
  publisher.socket.close();
  REQUIRE(loop.until([&] { return publisher.socket.closed(); }));
  CHECK(loop.until([&] { return subscriber.messages.size() == count; }));
}

TEST_CASE("live sockets: a close() that cannot finish gives up after its linger") {
  Loop loop;
  for (bool block : {false, true}) {
    PublishOptions options{.block = block};
    options.plain.high_water = 10;
    options.plain.linger = 100ms;
    Publisher publisher(loop, options);
    Stalled stalled(publisher.endpoint());
    REQUIRE(loop.until([&] { return publisher.socket.subscribers() == 1; }));
    for (int i = 0; i < 1000; ++i) publisher.send("t", std::string(100'000, 'x'));
    publisher.socket.close();
    CHECK(loop.until([&] { return publisher.socket.closed(); }));
  }
}

TEST_CASE("live sockets: a subscriber that stops costs the others nothing and bounded memory") {
  Loop loop;
  PublishOptions options{.held_bytes = 8UL << 20};
  options.plain.high_water = 100;
  Publisher publisher(loop, options);
  Stalled stalled(publisher.endpoint());
  Subscriber quick(loop.context, loop.reactor, on({}, {publisher.endpoint()}));
  REQUIRE(loop.until([&] { return publisher.socket.subscribers() == 2; }));
  std::size_t sent = 0;
  for (; sent < 2000; ++sent) {
    REQUIRE(publisher.send("t", std::string(1500, 'x')) == PublishSocket::Sent::done);
    REQUIRE(loop.until([&] { return quick.messages.size() == sent + 1; }));
  }
  LogCapture log;
  bool dropped = false;
  for (int i = 0; i < 100 && !dropped; ++i) {
    dropped = publisher.send("t", std::string(1UL << 20, 'x')) == PublishSocket::Sent::dropped;
    ++sent;
  }
  CHECK(dropped);
  CHECK(log.count("subscribers hold") == 1);
}

TEST_CASE("live sockets: with block a slow subscriber misses nothing") {
  Loop loop;
  for (std::size_t size : {10UL, 20'000UL}) {
    PublishOptions options{.block = true, .held_bytes = 1UL << 20};
    options.plain.high_water = 10;
    Subscriber bound(loop.context, loop.reactor, on({"tcp://127.0.0.1:*"}));
    options.plain.binds = {"tcp://127.0.0.1:*"};
    options.plain.connects = {bound.socket.bound().at(0)};
    std::size_t sent = 0;
    constexpr std::size_t count = 3000;
    std::function<bool()> offer = [] { return false; };
    options.side_topic = side;
    PublishSocket publisher(loop.context, loop.reactor, options, [&] { return offer(); });
    PlainOptions slow = on({}, {publisher.bound().at(0)});
    slow.high_water = 5;
    Subscriber subscriber(loop.context, loop.reactor, slow);
    REQUIRE(loop.until([&] { return publisher.subscribers() == 2; }));
    bool was_full = false;
    offer = [&] {
      std::size_t before = sent;
      while (sent < count) {
        auto became = publisher.send("t", Bytes::take(std::string(size, 'x')), "h");
        if (became == PublishSocket::Sent::full) was_full = true;
        if (became != PublishSocket::Sent::done) break;
        ++sent;
      }
      return sent != before;
    };
    publisher.touch();
    REQUIRE(loop.until(
        [&] { return subscriber.messages.size() == count && bound.messages.size() == count; }));
    CHECK(was_full);
  }
}

TEST_CASE("live sockets: foreign publishers' frames are understood, and more than three dropped") {
  LogCapture log;
  Loop loop;
  Subscriber subscriber(loop.context, loop.reactor, on({"tcp://127.0.0.1:*"}));
  zmq::context_t context;
  zmq::socket_t foreign(context, zmq::socket_type::xpub);
  foreign.set(zmq::sockopt::linger, 0);
  foreign.connect(subscriber.socket.bound().at(0));
  zmq::message_t subscription;
  REQUIRE(loop.until(
      [&] { return foreign.recv(subscription, zmq::recv_flags::dontwait).has_value(); }));
  for (int frames = 1; frames <= 5; ++frames) {
    for (int i = 1; i <= frames; ++i) {
      foreign.send(zmq::buffer(std::to_string(i)),
                   i < frames ? zmq::send_flags::sndmore : zmq::send_flags::none);
    }
  }
  foreign.send(zmq::str_buffer("last"), zmq::send_flags::none);
  REQUIRE(loop.until([&] { return subscriber.messages.size() == 4; }));
  CHECK(subscriber.messages[0].payload.empty());
  CHECK(subscriber.messages[1].payload.view() == "2");
  CHECK(subscriber.messages[1].header.empty());
  CHECK(subscriber.messages[2].header == "3");
  CHECK(subscriber.messages[3].topic == "last");
  CHECK(log.count("more than three frames") == 1);
}

TEST_CASE("live sockets: a subscriber finds its publisher again") {
  Loop loop;
  std::string endpoint = free_endpoint();
  Subscriber subscriber(loop.context, loop.reactor, on({}, {endpoint}));
  for (std::size_t life = 1; life <= 2; ++life) {
    Publisher publisher(loop, {.plain = on({endpoint})});
    REQUIRE(loop.until([&] { return publisher.socket.subscribers() == 1; }));
    publisher.send("t");
    REQUIRE(loop.until([&] { return subscriber.messages.size() == life; }));
    publisher.socket.close();
    REQUIRE(loop.until([&] { return publisher.socket.closed(); }));
  }
}

TEST_CASE("live sockets: only those whose key is trusted get in") {
  LogCapture log;
  TempDir dir;
  std::filesystem::create_directory(dir / "trust");
  for (const char* name : {"alice", "bob"}) write_new_keys(dir / "trust" / name);
  write_new_keys(dir / "mallory");
  runtime::Reactor reactor;
  Context alice(reactor, {.key = dir / "trust" / "alice.key", .trust = dir / "trust"});
  Context bob(reactor, {.key = dir / "trust" / "bob.key", .trust = dir / "trust"});
  Context mallory(reactor, {.key = dir / "mallory.key", .trust = dir / "trust"});
  Context none(reactor, {});
  PublishSocket publisher(bob, reactor, {.plain = on({"tcp://127.0.0.1:*"})}, idle);
  Subscriber stranger(mallory, reactor, on({}, {publisher.bound().at(0)}));
  Subscriber naked(none, reactor, on({}, {publisher.bound().at(0)}));
  // Bob's is the second of the keys that the publisher may have.
  Subscriber friendly(alice, reactor, on({}, {publisher.bound().at(0)}));
  REQUIRE(run_until(reactor, [&] { return publisher.subscribers() == 1; }));
  REQUIRE(run_until(reactor, [&] { return log.count("key is not trusted") > 0; }));
  publisher.send("t", Bytes::copy("secret"), "");
  REQUIRE(run_until(reactor, [&] { return friendly.messages.size() == 1; }));
  CHECK(stranger.messages.empty());
  CHECK(naked.messages.empty());
}

TEST_CASE("live sockets: nothing beyond this machine without keys") {
  Loop loop;
  for (bool bind : {false, true}) {
    PlainOptions open = bind ? on({"tcp://*:*"}) : on({}, {"tcp://192.0.2.1:5030"});
    try {
      SubscribeSocket subscriber(loop.context, loop.reactor, open, idle);
      FAIL("was allowed");
    } catch (const Error& error) {
      CHECK(error.code() == ExitCode::not_allowed);
    }
    CHECK_THROWS_AS(PublishSocket(loop.context, loop.reactor, {.plain = open}, idle), Error);
  }
}
