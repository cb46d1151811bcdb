#include <doctest/doctest.h>

#include <shoal/base/error.hpp>
#include <shoal/chat/chat_peer.hpp>

#include "support/node.hpp"
#include "support/temp_dir.hpp"

using namespace shoal;
using namespace shoal::chat;
using namespace shoal::test;
using namespace std::chrono_literals;

namespace {

/// A peer and the texts of all posts that have arrived at it, in order of arrival.
struct Talker {
  Talker(Loop& loop, std::vector<std::string> connects,
         std::optional<std::filesystem::path> data = {})
      : peer(loop.context, loop.reactor,
             {.binds = {"tcp://127.0.0.1:*"},
              .connects = std::move(connects),
              .nick = {},
              .data = std::move(data)},
             [this](const Event& event) {
               if (const auto* arrived = std::get_if<Arrived>(&event)) {
                 texts.push_back(arrived->post.text);
               }
               if (const auto* ended = std::get_if<DirectEnded>(&event)) {
                 endings.push_back(ended->ending);
               }
               if (const auto* direct = std::get_if<DirectArrived>(&event)) {
                 directs.push_back(direct->message.text);
               }
             }) {}

  std::string endpoint() const { return peer.bound().at(0); }
  void say(const std::string& text) { peer.post("nick", "lobby", wire::chat::Kind::says, text); }

  std::vector<std::string> texts;
  std::vector<std::string> directs;
  std::vector<Ending> endings;
  ChatPeer peer;
};

}  // namespace

TEST_CASE("chat peer: two talk, and one that comes late is told what was said") {
  Loop loop;
  Talker one(loop, {});
  one.say("first");
  Talker two(loop, {one.endpoint()});
  REQUIRE(loop.until([&] { return two.texts.size() == 1; }));
  two.say("second");
  REQUIRE(loop.until([&] { return one.texts.size() == 2; }));
  CHECK(one.texts == std::vector<std::string>{"first", "second"});
}

TEST_CASE("chat peer: CHAT-8, peers that know only the middle one find each other") {
  Loop loop;
  auto middle = std::make_unique<Talker>(loop, std::vector<std::string>());
  Talker left(loop, {middle->endpoint()});
  Talker right(loop, {middle->endpoint()});
  REQUIRE(loop.until([&] {
    auto linked = [](const Talker& talker) {
      std::size_t count = 0;
      for (const Peer& peer : talker.peer.core().peers(Time{})) count += peer.linked ? 1 : 0;
      return count == 2;
    };
    return linked(left) && linked(right);
  }));
  middle.reset();  // without a goodbye
  left.say("without you");
  REQUIRE(loop.until([&] { return right.texts.size() == 1; }));
}

TEST_CASE("chat peer: CHAT-6, what was said is there after a restart, and others still get it") {
  TempDir dir;
  Loop loop;
  {
    Talker talker(loop, {}, dir / "data");
    for (int i = 0; i < 100; ++i) talker.say(std::to_string(i));
    REQUIRE(loop.until([&] { return talker.texts.size() == 100; }));
    CHECK_THROWS_AS(Talker(loop, {}, dir / "data"), Error);
  }
  Talker again(loop, {}, dir / "data");
  CHECK(again.peer.core().history("lobby", 1000).size() == 100);
  Talker other(loop, {again.endpoint()});
  REQUIRE(loop.until([&] { return other.texts.size() == 100; }));
  CHECK(other.texts.back() == "99");
}

TEST_CASE("chat peer: CHAT-10, a direct message reaches its nick alone, and its end is told") {
  Loop loop;
  Talker middle(loop, {});
  Talker from(loop, {middle.endpoint()});
  Talker to(loop, {middle.endpoint()});
  to.peer.join("bob", {"lobby"});
  REQUIRE(loop.until([&] { return from.peer.core().find("bob").size() == 1; }));
  from.peer.direct("ann", "bob", "psst");
  from.peer.direct("ann", "nobody", "psst");
  REQUIRE(loop.until([&] { return from.endings.size() == 2 && to.directs.size() == 1; }));
  CHECK(middle.directs.empty());
  CHECK(to.directs[0] == "psst");
  CHECK(from.endings == std::vector<Ending>{Ending::nobody, Ending::delivered});
}

TEST_CASE("chat peer: a late peer is handed ten thousand posts") {
  Loop loop;
  Talker one(loop, {});
  for (int i = 0; i < 10'000; ++i) one.say("post number " + std::to_string(i));
  Talker two(loop, {one.endpoint()});
  REQUIRE(loop.until([&] { return two.texts.size() == 10'000; }));
  CHECK(two.texts.back() == "post number 9999");
}
