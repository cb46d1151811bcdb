#include <doctest/doctest.h>

#include "support/log_capture.hpp"
#include "support/node.hpp"
#include "support/raw_peer.hpp"

using namespace shoal;
using namespace shoal::net;
using namespace shoal::test;

namespace {

PortOptions taking_plain() {
  PortOptions options = listening("replier", {"requester"});
  options.plain = true;
  return options;
}

/// A Port that takes what bare ZeroMQ programs ask.
struct Asked {
  LogCapture log;
  Loop loop;
  Node node{loop.context, loop.reactor, taking_plain()};

  bool asked(std::size_t times) {
    return loop.until([&] { return node.plains.size() == times; });
  }
};

/// All frames of the next message.
std::vector<std::string> next_message(Loop& loop, zmq::socket_t& socket) {
  std::vector<std::string> frames;
  zmq::message_t frame;
  if (!loop.until([&] { return socket.recv(frame, zmq::recv_flags::dontwait).has_value(); })) {
    return frames;
  }
  frames.push_back(frame.to_string());
  while (frame.more()) {
    static_cast<void>(socket.recv(frame));
    frames.push_back(frame.to_string());
  }
  return frames;
}

}  // namespace

TEST_CASE("plain peer: REQ-15 is answered with the frames in which it asked") {
  Asked asked;
  RawPeer peer(asked.node.endpoint());
  SUBCASE("one frame") {
    peer.send({"question"});
    REQUIRE(asked.asked(1));
    CHECK(asked.node.plains[0].second.view() == "question");
    CHECK(asked.node.port().answer_plain(asked.node.plains[0].first, Bytes::copy("answer")));
    CHECK(next_message(asked.loop, peer.socket()) == std::vector<std::string>{"answer"});
  }
  SUBCASE("an empty frame and one more, whatever it begins with") {
    peer.send({"", "\x01question"});
    REQUIRE(asked.asked(1));
    CHECK(asked.node.plains[0].second.view() == "\x01question");
    CHECK(asked.node.port().answer_plain(asked.node.plains[0].first, {}));
    CHECK(next_message(asked.loop, peer.socket()) == std::vector<std::string>{"", ""});
  }
  SUBCASE("many in flight, answered in any order") {
    for (int i = 0; i < 100; ++i) peer.send({"", std::to_string(i)});
    REQUIRE(asked.asked(100));
    for (std::size_t i = 100; i-- > 0;) {
      CHECK(
          asked.node.port().answer_plain(asked.node.plains[i].first, asked.node.plains[i].second));
    }
    for (int i = 99; i >= 0; --i) {
      CHECK(next_message(asked.loop, peer.socket()) ==
            std::vector<std::string>{"", std::to_string(i)});
    }
  }
}

TEST_CASE("plain peer: REQ-15 a REQ socket gets its answer") {
  Asked asked;
  zmq::context_t context;
  zmq::socket_t socket(context, zmq::socket_type::req);
  socket.set(zmq::sockopt::linger, 0);
  socket.connect(asked.node.endpoint());
  socket.send(zmq::str_buffer("question"), zmq::send_flags::none);
  REQUIRE(asked.asked(1));
  CHECK(asked.node.port().answer_plain(asked.node.plains[0].first, Bytes::copy("answer")));
  CHECK(next_message(asked.loop, socket) == std::vector<std::string>{"answer"});
}

TEST_CASE("plain peer: one that has gone is not answered") {
  Asked asked;
  {
    RawPeer peer(asked.node.endpoint());
    peer.send({"question"});
    REQUIRE(asked.asked(1));
  }
  const PlainPeer gone = asked.node.plains[0].first;
  CHECK(asked.loop.until([&] { return !asked.node.port().answer_plain(gone, {}); }));
}

TEST_CASE("plain peer: more frames, and all of it without the switch, are refused") {
  SUBCASE("frames that are no question") {
    Asked asked;
    RawPeer peer(asked.node.endpoint());
    peer.send({"one", "two"});
    peer.send({"", "one", "two"});
    peer.send({""});
    REQUIRE(asked.loop.until([&] { return asked.log.count("does not speak shoal") > 0; }));
    peer.send({"", "a question"});
    REQUIRE(asked.asked(1));
    CHECK(asked.node.plains[0].second.view() == "a question");
  }
  SUBCASE("a Port that wants sessions alone") {
    LogCapture log;
    Loop loop;
    Node node(loop.context, loop.reactor, listening("replier", {"requester"}));
    RawPeer peer(node.endpoint());
    peer.send({"question"});
    REQUIRE(loop.until([&] { return log.count("does not speak shoal") > 0; }));
    CHECK(node.plains.empty());
  }
}

TEST_CASE("plain peer: sessions and bare programs share a Port") {
  Asked asked;
  Node friendly(asked.loop.context, asked.loop.reactor,
                dialling(asked.node.endpoint(), "requester", {"replier"}));
  REQUIRE(asked.loop.until([&] { return friendly.is_up() && asked.node.is_up(); }));
  RawPeer peer(asked.node.endpoint());
  peer.send({"bare"});
  friendly.send("in a session");
  REQUIRE(asked.loop.until(
      [&] { return asked.node.plains.size() == 1 && asked.node.messages.size() == 1; }));
  CHECK(asked.node.messages[0].second.body.view() == "in a session");
  CHECK(asked.node.downs.empty());
}
