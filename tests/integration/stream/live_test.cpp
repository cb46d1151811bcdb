#include <map>

#include <doctest/doctest.h>
#include <zmq.hpp>

#include <shoal/base/error.hpp>
#include <shoal/stream/live_publisher.hpp>
#include <shoal/stream/live_subscriber.hpp>

#include "support/node.hpp"

using namespace shoal;
using namespace shoal::stream;
using namespace shoal::test;
using namespace std::chrono_literals;
using namespace std::string_literals;

namespace {

LivePublisherOptions publisher_options() {
  LivePublisherOptions options{.publisher = Id::random(), .epoch = 1, .mark_after = 50ms};
  options.socket.plain = {.binds = {"tcp://127.0.0.1:*"}, .peer = "subscriber"};
  return options;
}

struct Publisher {
  explicit Publisher(Loop& loop, LivePublisherOptions options = publisher_options())
      : live(loop.context, loop.reactor, std::move(options), [this] { return offer && offer(); }) {}

  LivePublisher::Sent send(std::string_view topic, std::string_view payload = "p",
                           const wire::Headers& headers = {}) {
    return live.publish(topic, Bytes::copy(payload), headers, 5);
  }

  std::function<bool()> offer;
  LivePublisher live;
};

/// A subscriber that keeps what it is told.
struct Subscriber {
  struct Message {
    std::string topic;
    std::string payload;
    std::optional<wire::live::Header> header;
  };

  Subscriber(Loop& loop, net::PlainOptions socket, Topics topics = {})
      : live(loop.context, loop.reactor, {.socket = std::move(socket), .topics = std::move(topics)},
             {.message =
                  [this](const LiveArrival& arrival) {
                    messages.push_back(
                        {std::string(arrival.topic), std::string(arrival.payload.view()),
                         arrival.header ? std::optional(*arrival.header) : std::nullopt});
                  },
              .gap = [this](const LiveGap& gap) { gaps.push_back(gap.missing); }}) {}

  std::vector<Message> messages;
  std::vector<SeqRange> gaps;
  LiveSubscriber live;
};

net::PlainOptions dial(const Publisher& publisher) {
  return {.connects = {publisher.live.bound().at(0)}, .peer = "publisher"};
}

std::string receive(zmq::socket_t& socket, Loop& loop) {
  zmq::message_t frame;
  std::string text;
  bool came = loop.until([&] { return socket.recv(frame, zmq::recv_flags::dontwait).has_value(); });
  if (!came) return "nothing";
  text = frame.to_string();
  for (bool more = frame.more(); more; more = frame.more()) {
    static_cast<void>(socket.recv(frame));
    text += "|" + (frame.size() < 20 ? frame.to_string() : "...");
  }
  return text;
}

}  // namespace

TEST_CASE("live: LIVE-2 messages come numbered by topic, with time and headers") {
  Loop loop;
  LivePublisherOptions options = publisher_options();
  Publisher publisher(loop, options);
  Subscriber subscriber(loop, dial(publisher));
  REQUIRE(loop.until([&] { return publisher.live.subscribers() == 1; }));
  publisher.send("a", "one");
  publisher.send("b", "two", {{"key", "value"}});
  publisher.send("a", "three");
  REQUIRE(loop.until([&] { return subscriber.messages.size() == 3; }));
  const auto& messages = subscriber.messages;
  REQUIRE((messages[0].header && messages[1].header && messages[2].header));
  CHECK(messages[0].payload == "one");
  CHECK(messages[0].header->seq == 0);
  CHECK(messages[1].header->seq == 0);
  CHECK(messages[1].header->headers.at("key") == "value");
  CHECK(messages[2].header->seq == 1);
  CHECK(messages[2].header->publisher == options.publisher);
  CHECK(messages[2].header->epoch == 1);
  CHECK(messages[2].header->time_ns == 5);
  CHECK(subscriber.live.unnumbered() == 0);
}

TEST_CASE("live: STR-9 patterns are matched exactly, whatever ZeroMQ lets through") {
  Loop loop;
  Publisher publisher(loop);
  Subscriber words(loop, dial(publisher), {.patterns = {"a.*.c", "b"}});
  Subscriber prefix(loop, dial(publisher), {.patterns = {"a.x"}, .prefix = true});
  REQUIRE(loop.until([&] { return publisher.live.subscribers() == 2; }));
  for (const char* topic : {"a.b.c", "a.b.d", "a.xy", "b", "bc", "b"}) publisher.send(topic);
  publisher.live.close();
  REQUIRE(loop.until([&] { return publisher.live.closed(); }));
  REQUIRE(words.messages.size() == 3);
  CHECK(words.messages[0].topic == "a.b.c");
  CHECK(words.messages[2].topic == "b");
  REQUIRE(prefix.messages.size() == 1);
  CHECK(words.gaps.empty());
  CHECK(prefix.gaps.empty());
}

TEST_CASE("live: patterns that make no sense are refused") {
  Loop loop;
  Publisher publisher(loop);
  try {
    Subscriber subscriber(loop, dial(publisher), {.patterns = {"a.b*"}});
    FAIL("was accepted");
  } catch (const Error& error) {
    CHECK(error.code() == ExitCode::usage);
  }
}

TEST_CASE("live: LIVE-1 a bare SUB reads topic and payload, and no marks") {
  Loop loop;
  Publisher publisher(loop);
  zmq::context_t context;
  zmq::socket_t sub(context, zmq::socket_type::sub);
  sub.set(zmq::sockopt::linger, 0);
  sub.set(zmq::sockopt::subscribe, "");
  sub.connect(publisher.live.bound().at(0));
  REQUIRE(loop.until([&] { return publisher.live.subscribers() == 1; }));
  publisher.send("t", "payload");
  CHECK(receive(sub, loop) == "t|payload|...");
  loop.pass(200ms);
  publisher.send("t", "again");
  CHECK(receive(sub, loop) == "t|again|...");
}

TEST_CASE("live: LIVE-1 a publisher that is not ours is understood, and unnumbered") {
  Loop loop;
  Subscriber subscriber(loop, {.binds = {"tcp://127.0.0.1:*"}, .peer = "publisher"});
  zmq::context_t context;
  zmq::socket_t pub(context, zmq::socket_type::xpub);
  pub.set(zmq::sockopt::linger, 0);
  pub.connect(subscriber.live.bound().at(0));
  zmq::message_t event;
  for (int both = 0; both < 2; ++both) {
    REQUIRE(loop.until([&] { return pub.recv(event, zmq::recv_flags::dontwait).has_value(); }));
  }
  pub.send(zmq::str_buffer("alone"), zmq::send_flags::none);
  pub.send(zmq::str_buffer("t"), zmq::send_flags::sndmore);
  pub.send(zmq::str_buffer("payload"), zmq::send_flags::none);
  pub.send(zmq::str_buffer("t"), zmq::send_flags::sndmore);
  pub.send(zmq::str_buffer("payload"), zmq::send_flags::sndmore);
  pub.send(zmq::str_buffer("no header"), zmq::send_flags::none);
  pub.send(zmq::buffer(wire::live::mark_topic), zmq::send_flags::sndmore);
  pub.send(zmq::str_buffer("no mark"), zmq::send_flags::none);
  pub.send(zmq::str_buffer("last"), zmq::send_flags::none);
  REQUIRE(loop.until([&] { return subscriber.messages.size() == 4; }));
  CHECK(subscriber.messages[0].topic == "alone");
  CHECK(subscriber.messages[1].payload == "payload");
  CHECK(subscriber.messages[3].topic == "last");
  CHECK(subscriber.live.unnumbered() == 4);
}

TEST_CASE("live: what a subscriber misses is counted to the last message") {
  Loop loop;
  for (bool ends : {false, true}) {
    LivePublisherOptions options = publisher_options();
    options.socket.plain.high_water = 20;
    options.answers = 100s;
    Publisher publisher(loop, options);
    net::PlainOptions socket = dial(publisher);
    socket.high_water = 5;
    Subscriber subscriber(loop, socket);
    REQUIRE(loop.until([&] { return publisher.live.subscribers() == 1; }));
    publisher.send("t");
    REQUIRE(loop.until([&] { return subscriber.messages.size() == 1; }));
    subscriber.live.pause();
    constexpr std::size_t count = 5000;
    for (std::size_t i = 1; i < count; ++i) publisher.send("t", std::string(5000, 'x'));
    if (ends) publisher.live.close();
    subscriber.live.resume();
    auto all_accounted = [&] {
      return subscriber.messages.size() + subscriber.live.missing() == count &&
             publisher.live.closed() == ends;
    };
    REQUIRE(loop.until(all_accounted, 120s));
    CHECK(subscriber.live.missing() > 0);
    std::uint64_t told = 0;
    for (const SeqRange& gap : subscriber.gaps) told += gap.count;
    CHECK(told == subscriber.live.missing());
  }
}

TEST_CASE("live: a subscription that comes while messages are sent is heard of") {
  Loop loop;
  Publisher publisher(loop);
  Subscriber first(loop, dial(publisher), {.patterns = {"other"}});
  REQUIRE(loop.until([&] { return publisher.live.subscribers() == 1; }));
  zmq::context_t context;
  zmq::socket_t raw(context, zmq::socket_type::sub);
  raw.set(zmq::sockopt::linger, 0);
  raw.set(zmq::sockopt::rcvtimeo, 5);
  raw.set(zmq::sockopt::subscribe, "t");
  raw.connect(publisher.live.bound().at(0));
  // libzmq takes the sign of the subscription off the descriptor as it sends.
  zmq::message_t frame;
  Time limit = std::chrono::steady_clock::now() + 20s;
  do {
    REQUIRE(std::chrono::steady_clock::now() < limit);
    publisher.send("t");
  } while (!raw.recv(frame));
  CHECK(publisher.live.subscribers() == 1);
  CHECK(loop.until([&] { return publisher.live.subscribers() == 2; }));
}

TEST_CASE("live: LIVE-4 a clean end loses nothing that was handed out") {
  Loop loop;
  LivePublisherOptions options = publisher_options();
  options.socket.plain.high_water = 0;
  options.answers = 100s;
  Publisher publisher(loop, options);
  Subscriber one(loop, dial(publisher));
  Subscriber two(loop, dial(publisher));
  REQUIRE(loop.until([&] { return publisher.live.subscribers() == 2; }));
  constexpr std::size_t count = 20'000;
  for (std::size_t i = 0; i < count; ++i) publisher.send("t", "payload");
  publisher.live.close();
  CHECK(publisher.send("late") == LivePublisher::Sent::full);
  REQUIRE(loop.until([&] { return publisher.live.closed(); }));
  CHECK(one.messages.size() == count);
  CHECK(two.messages.size() == count);
  CHECK(one.live.missing() == 0);
}

TEST_CASE("live: LIVE-4 a subscriber that does not answer is not waited for for ever") {
  Loop loop;
  LivePublisherOptions options = publisher_options();
  options.answers = 100ms;
  options.socket.plain.linger = 100ms;
  Publisher publisher(loop, options);
  Subscriber stopped(loop, dial(publisher));
  stopped.live.pause();
  REQUIRE(loop.until([&] { return publisher.live.subscribers() == 1; }));
  publisher.send("t");
  publisher.live.close();
  CHECK(loop.until([&] { return publisher.live.closed(); }));
}

TEST_CASE("live: an end without subscribers is at once") {
  Loop loop;
  LivePublisherOptions options = publisher_options();
  options.answers = 1h;
  Publisher publisher(loop, options);
  publisher.send("t");
  publisher.live.close();
  CHECK(loop.until([&] { return publisher.live.closed(); }));
}

TEST_CASE("live: with block nobody misses anything, and every topic is numbered on") {
  Loop loop;
  LivePublisherOptions options = publisher_options();
  options.socket.block = true;
  options.socket.plain.high_water = 10;
  options.most_topics = 10;
  Publisher publisher(loop, options);
  net::PlainOptions socket = dial(publisher);
  socket.high_water = 5;
  Subscriber subscriber(loop, socket);
  REQUIRE(loop.until([&] { return publisher.live.subscribers() == 1; }));
  constexpr std::size_t count = 5000;
  std::size_t sent = 0;
  bool was_full = false;
  publisher.offer = [&] {
    std::size_t before = sent;
    for (; sent < count; ++sent) {
      // Now and then a new topic, until they are too many for one incarnation.
      std::string topic = "t" + std::to_string(sent % 7 == 0 ? sent / 100 : 0);
      if (publisher.send(topic, std::string(2000, 'x')) == LivePublisher::Sent::full) {
        was_full = true;
        break;
      }
    }
    if (sent == count) publisher.live.close();
    return sent != before;
  };
  publisher.live.touch();
  REQUIRE(loop.until([&] { return publisher.live.closed(); }));
  CHECK(was_full);
  CHECK(subscriber.messages.size() == count);
  CHECK(subscriber.live.missing() == 0);
  CHECK(subscriber.messages.back().header->epoch > 1);
}

TEST_CASE("live: a message that comes on two ways is handed on once") {
  Loop loop;
  LivePublisherOptions options = publisher_options();
  options.socket.plain.binds = {"tcp://127.0.0.1:*", "tcp://127.0.0.1:*"};
  Publisher publisher(loop, options);
  Subscriber subscriber(loop, {.connects = publisher.live.bound(), .peer = "publisher"});
  REQUIRE(loop.until([&] { return publisher.live.subscribers() == 2; }));
  for (int i = 0; i < 100; ++i) publisher.send("t");
  publisher.live.close();
  REQUIRE(loop.until([&] { return publisher.live.closed(); }));
  CHECK(subscriber.messages.size() == 100);
  CHECK(subscriber.live.missing() == 0);
  CHECK(subscriber.live.repeated() == 100);
}
