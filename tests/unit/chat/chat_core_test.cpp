#include <algorithm>
#include <deque>
#include <memory>

#include <doctest/doctest.h>

#include <shoal/chat/chat_core.hpp>

#include "make_post.hpp"

using namespace shoal;
using namespace shoal::chat;
using namespace std::chrono_literals;
using wire::chat::Kind;

namespace {

Moment at(Duration passed, std::int64_t skew_ms = 0) {
  auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(passed).count();
  return {Time{1h} + passed, static_cast<std::uint64_t>(1'700'000'000'000 + ms + skew_ms)};
}

/// Two peers with a session (number 1 at either side) that carries everything at once.
struct Two {
  ChatCore anna{{.node = Id::of_name("anna"), .endpoints = {"a"}}};
  ChatCore bert{{.node = Id::of_name("bert"), .endpoints = {"b"}}};
  Duration passed{};
  std::uint64_t carried = 0;
  std::vector<std::string> faults;

  void link() {
    anna.on_up(1, Id::of_name("bert"), at(passed));
    bert.on_up(1, Id::of_name("anna"), at(passed));
    settle();
  }

  bool carry(ChatCore& from, ChatCore& to) {
    Outbox outbox = from.take_outbox();
    for (const auto& fault : outbox.faults) faults.push_back(fault.reason);
    for (auto& envelope : outbox.envelopes)
      to.on_message(1, std::move(envelope.message), at(passed));
    carried += outbox.envelopes.size();
    return !outbox.envelopes.empty();
  }

  /// Until there is nothing more to do at this moment.
  void settle() {
    bool busy = true;
    while (busy) {
      for (ChatCore* core : {&anna, &bert}) {
        if (core->next_tick() <= at(passed).now) core->tick(at(passed));
      }
      busy = carry(anna, bert);
      busy = carry(bert, anna) || busy;
    }
  }

  void pass(Duration span) {
    for (Duration end = passed + span; passed < end; passed += 100ms) settle();
  }
};

template <typename Kind>
std::vector<Kind> events(ChatCore& core) {
  std::vector<Kind> found;
  for (Event& event : core.take_events()) {
    if (auto* one = std::get_if<Kind>(&event)) found.push_back(std::move(*one));
  }
  return found;
}

}  // namespace

TEST_CASE_FIXTURE(Two, "chat core: who comes late has it all, in the same order") {
  anna.post("anna", "lobby", Kind::says, "one", at(0s));
  bert.post("bert", "lobby", Kind::does, "two", at(1s));
  link();
  auto all = anna.posts_after({}, "", 9);
  CHECK(all.size() == 2);
  CHECK(all == bert.posts_after({}, "", 9));
  CHECK(all == bert.history("lobby", 9));
  CHECK(events<Arrived>(bert).size() == 2);
  CHECK(bert.take_posts_to_store().size() == 2);
  CHECK(faults.empty());
}

TEST_CASE_FIXTURE(Two, "chat core: 10,000 posts reach a late peer in few messages more") {
  for (int i = 0; i < 10'000; ++i) anna.post("anna", "lobby", Kind::says, "text", at(0s));
  link();
  CHECK(bert.log().size() == 10'000);
  CHECK(carried < 10'000 + 10'000 / 64 + 50);
  CHECK(passed == 0s);
}

TEST_CASE("chat core: CHAT-2, a post stands after all that its author has read") {
  ChatCore core({.node = Id::of_name("self")});
  Moment now = at(0s);
  core.restore(make(Id::of_name("x"), 0, (now.wall_ms + 59'000) << 16));
  Place place = core.post("anna", "lobby", Kind::says, "answer", now);
  CHECK(place.clock == ((now.wall_ms + 59'000) << 16) + 1);
  // A clock that is a minute ahead does not take ours along, but ours never goes back.
  core.restore(make(Id::of_name("y"), 0, (now.wall_ms + 600'000) << 16));
  CHECK(core.post("anna", "lobby", Kind::says, "x", now).clock == place.clock + 1);
  CHECK(core.post("anna", "lobby", Kind::says, "y", at(0s, -90'000)).clock == place.clock + 2);
}

TEST_CASE("chat core: CHAT-2, our own posts are kept though all others have clocks far ahead") {
  ChatCore core({.node = Id::of_name("self"), .limits = {.posts = 3}});
  for (std::uint64_t i = 0; i < 5; ++i) {
    core.restore(make(Id::of_name("x"), i, (at(600s).wall_ms + i) << 16));
  }
  for (std::uint64_t seq = 0; seq < 5; ++seq) {
    core.post("anna", "lobby", Kind::says, "text", at(seq * 1s));
    CHECK(core.log().find(Id::of_name("self"), seq) != nullptr);
  }
  CHECK(events<Arrived>(core).size() == 5);
  CHECK(core.take_posts_to_store().size() == 5);
}

TEST_CASE("chat core: CHAT-2, a peer that breaks an author's log is dropped") {
  ChatCore core({.node = Id::of_name("self")});
  core.on_up(1, Id::of_name("peer"), at(0s));
  const Id author = Id::of_name("author");
  core.on_message(1, make(author, 0, 10), at(0s));
  CHECK(core.take_outbox().faults.empty());
  core.on_message(1, make(author, 1, 10), at(0s));
  CHECK(core.take_outbox().faults.size() == 1);
  core.on_message(1, make(author, 5, 50), at(0s));
  CHECK(core.take_outbox().faults.size() == 1);
  core.on_message(1, make(Id::of_name("self"), 0, 50), at(0s));
  CHECK(core.take_outbox().faults.size() == 1);
  CHECK(core.log().size() == 1);
}

TEST_CASE("chat core: CHAT-6, what is sent has been handed out to be stored before") {
  ChatCore core({.node = Id::of_name("self")});
  core.on_up(1, Id::of_name("peer"), at(0s));
  core.on_message(1, wire::chat::Have{.all = true}, at(0s));
  core.take_outbox();
  core.post("anna", "lobby", Kind::says, "text", at(0s));
  auto stored = core.take_posts_to_store();
  auto outbox = core.take_outbox();
  REQUIRE(stored.size() == 1);
  REQUIRE(outbox.envelopes.size() == 1);
  CHECK(std::get<Post>(outbox.envelopes[0].message) == stored[0]);
}

TEST_CASE_FIXTURE(Two, "chat core: CHAT-5, an author waits for nobody") {
  anna.join("anna", {"lobby"}, at(0s));
  link();
  pass(1s);
  anna.post("anna", "lobby", Kind::says, "text", at(passed));
  carry(anna, bert);
  CHECK(bert.log().size() == 1);
}

TEST_CASE_FIXTURE(Two,
                  "chat core: CHAT-7, our record is said every ten seconds and when it changes") {
  link();
  pass(1s);
  CHECK(bert.users().empty());
  anna.join("anna", {"lobby"}, at(passed));
  settle();
  REQUIRE(bert.users().size() == 1);
  CHECK(bert.users()[0].rooms == std::vector<std::string>{"lobby"});
  pass(60s);
  for (const Peer& peer : bert.peers(at(passed).now)) CHECK(peer.age <= 10s);
}

TEST_CASE_FIXTURE(
    Two, "chat core: CHAT-7, a thousand users who come cost a few records, idle ones nothing") {
  link();
  pass(1s);
  std::uint64_t before = carried;
  for (int i = 0; i < 1000; ++i) {
    anna.join("user" + std::to_string(i), {"lobby"}, at(passed));
    passed += 1ms;
    settle();
  }
  pass(1s);
  CHECK(bert.users().size() == 1000);
  CHECK(carried - before < 20);
  CHECK(events<PresenceChange>(bert).size() == 1000);
  before = carried;
  pass(60s);
  CHECK(carried - before <= 14);
  CHECK(events<PresenceChange>(bert).empty());
}

TEST_CASE_FIXTURE(Two, "chat core: CHAT-7, the last word is heard") {
  anna.join("anna", {"lobby"}, at(0s));
  link();
  anna.close(at(passed));
  settle();
  bert.on_down(1, true, at(passed));
  pass(11s);
  CHECK(bert.users().empty());
  CHECK(bert.find("anna").empty());
}

TEST_CASE_FIXTURE(Two, "chat core: CHAT-10, a direct message arrives and its sender knows") {
  anna.join("anna", {}, at(0s));
  bert.join("bert", {}, at(0s));
  link();
  Id id = anna.direct("anna", "bert", "psst", at(passed));
  settle();
  auto arrived = events<DirectArrived>(bert);
  REQUIRE(arrived.size() == 1);
  CHECK(arrived[0].message.text == "psst");
  CHECK(arrived[0].message.nick == "anna");
  auto ended = events<DirectEnded>(anna);
  REQUIRE(ended.size() == 1);
  CHECK(ended[0].id == id);
  CHECK(ended[0].ending == Ending::delivered);
}

TEST_CASE("chat core: as many users and rooms as a record takes") {
  ChatCore core({.node = Id::of_name("self")});
  for (std::size_t i = 0; i < wire::chat::most_users; ++i) {
    REQUIRE(core.join(std::to_string(i), {"lobby", "lobby"}, at(0s)));
  }
  CHECK_FALSE(core.join("one-too-many", {}, at(0s)));
  core.leave("0", at(0s));
  CHECK(core.join("another", {}, at(0s)));
  std::vector<std::string> rooms;
  for (std::size_t i = 0; i <= wire::chat::most_rooms; ++i) rooms.push_back(std::to_string(i));
  CHECK_FALSE(core.join("another", rooms, at(0s)));
}

TEST_CASE("chat core: CHAT-7, news of a node goes to those who do not hear of it from itself") {
  ChatCore core({.node = Id::of_name("self")});
  const Id far = Id::of_name("far");
  const Id names[] = {Id::of_name("one"), Id::of_name("two"), Id::of_name("three")};
  for (PeerId peer = 1; peer <= 3; ++peer) core.on_up(peer, names[peer - 1], at(0s));
  core.on_message(2, About{.node = names[1], .version = 1, .links = {far}}, at(0s));
  core.take_outbox();
  core.on_message(1, About{.node = far, .version = 1, .age = 3s}, at(0s));
  Outbox outbox = core.take_outbox();
  REQUIRE(outbox.envelopes.size() == 1);
  CHECK(outbox.envelopes[0].to == 3);
  // The link of the second peer has ended: it may not have the last of it.
  core.on_message(2, About{.node = names[1], .version = 2}, at(2s));
  bool told = false;
  for (const auto& envelope : core.take_outbox().envelopes) {
    const auto* about = std::get_if<About>(&envelope.message);
    if (about == nullptr || about->node != far || envelope.to != 2) continue;
    told = true;
    CHECK(about->age == 5s);
  }
  CHECK(told);
  // No news: nobody is told.
  core.on_message(3, About{.node = far, .version = 1}, at(3s));
  CHECK(core.take_outbox().envelopes.empty());
}
