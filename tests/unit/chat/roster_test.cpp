#include <algorithm>
#include <array>

#include <doctest/doctest.h>

#include <shoal/chat/roster.hpp>

using namespace shoal;
using namespace shoal::chat;
using namespace std::chrono_literals;

namespace {

const Time start{1h};

// Ids in ascending order.
Id node(std::uint8_t number) {
  std::string raw(Id::size, '\0');
  raw.back() = static_cast<char>(number);
  return *Id::from_bytes(raw);
}

About about(std::uint8_t number, std::uint64_t version, std::vector<Id> links = {}) {
  About record{.node = node(number), .version = version, .links = std::move(links)};
  record.endpoints = {"tcp://host:" + std::to_string(number)};
  record.users = {{"user" + std::to_string(number), {"lobby"}}};
  return record;
}

std::string dials(Roster& roster) {
  std::string text;
  for (const Dial& dial : roster.take_dials()) text += (dial.begin ? "+" : "-") + dial.endpoint;
  return text;
}

State state_of(const Roster& roster, const std::string& nick) {
  for (const User& user : roster.users()) {
    if (user.nick == nick) return user.state;
  }
  return State::gone;
}

}  // namespace

TEST_CASE("roster: CHAT-7, a greater version is news, with the links that are no more") {
  Roster roster(node(5), {});
  CHECK(roster.learn(about(1, 3, {node(2), node(3)}), start));
  CHECK_FALSE(roster.learn(about(1, 3), start));
  CHECK_FALSE(roster.learn(about(1, 2), start));
  CHECK_FALSE(roster.learn(about(5, 9), start));
  auto parted = roster.learn(about(1, 4, {node(3), node(4)}), start);
  REQUIRE(parted);
  CHECK(*parted == std::vector<Id>{node(2)});
  CHECK(roster.links(node(1), node(4)));
  CHECK_FALSE(roster.links(node(1), node(2)));
}

TEST_CASE("roster: CHAT-7, age grows on its way, and the dead do not come back to life") {
  Roster roster(node(5), {});
  About old = about(1, 3);
  old.age = 4min;
  CHECK(roster.learn(old, start));
  CHECK(roster.record(node(1), start + 1min)->age == 5min);
  roster.tick(start + 6min);
  CHECK(roster.record(node(1), start + 6min)->age == 10min);
  CHECK_FALSE(roster.record(node(1), start + 6min + 1ms));
  roster.tick(start + 6min + 1ms);
  roster.tick(start + 6min + 2s);
  CHECK(roster.records(start + 6min + 2s).empty());
  old.age = 10min + 1ms;
  CHECK_FALSE(roster.learn(old, start + 7min));
}

TEST_CASE("roster: CHAT-8, the smaller id dials at once, the greater one after five seconds") {
  Roster roster(node(5), {"tcp://host:5", "tcp://host:7"});
  roster.learn(about(9, 1), start);
  CHECK(dials(roster) == "+tcp://host:9");
  roster.learn(about(1, 1), start);
  roster.learn(about(7, 1), start);
  CHECK(dials(roster).empty());  // 7 is an earlier life of ours, where we listen
  roster.tick(start + 4s);
  CHECK(dials(roster).empty());
  roster.tick(start + 5s);
  CHECK(dials(roster) == "+tcp://host:1");
}

TEST_CASE("roster: CHAT-8, who has a session with us is not dialled; who has left no more") {
  Roster roster(node(5), {});
  roster.on_up(1, node(9), start);
  roster.learn(about(9, 1), start);
  roster.tick(start + 9s);
  CHECK(dials(roster).empty());
  roster.on_down(1, node(9), false, start + 9s);
  CHECK(dials(roster) == "+tcp://host:9");
  roster.on_up(2, node(9), start + 10s);
  roster.tick(start + 20s);
  CHECK(dials(roster).empty());
  roster.on_down(2, node(9), true, start + 21s);
  roster.tick(start + 22s);
  CHECK(dials(roster) == "-tcp://host:9");
}

TEST_CASE("roster: CHAT-9, here by a session or a record of 25 s, then away, then gone") {
  Roster roster(node(5), {});
  roster.on_up(1, node(1), start);
  roster.learn(about(1, 1), start);
  CHECK(state_of(roster, "user1") == State::here);
  roster.tick(start + 2min);
  CHECK(state_of(roster, "user1") == State::here);
  roster.on_down(1, node(1), false, start + 2min);
  roster.tick(start + 2min + 10s);
  CHECK(state_of(roster, "user1") == State::away);
  roster.learn(about(1, 2), start + 3min);
  CHECK(state_of(roster, "user1") == State::here);
  roster.tick(start + 3min + 25s);
  roster.tick(start + 3min + 35s);
  CHECK(state_of(roster, "user1") == State::here);
  roster.tick(start + 3min + 36s);
  roster.tick(start + 3min + 46s);
  CHECK(state_of(roster, "user1") == State::away);
  roster.tick(start + 13min + 2s);
  roster.tick(start + 13min + 12s);
  CHECK(state_of(roster, "user1") == State::gone);
}

TEST_CASE("roster: CHAT-9, gone when the peer has left, by its own word or its goodbye") {
  Roster roster(node(5), {});
  roster.learn(about(1, 1), start);
  About last = about(1, 2);
  last.left = true;
  CHECK(roster.learn(last, start + 1s));
  roster.on_up(2, node(2), start);
  roster.learn(about(2, 1), start);
  roster.on_down(2, node(2), true, start + 1s);
  roster.tick(start + 11s);
  CHECK(roster.users().empty());
  CHECK(roster.find("user1").empty());
  CHECK_FALSE(roster.learn(about(1, 1), start + 12s));
}

TEST_CASE("roster: CHAT-10, the way is the shortest over what the records say") {
  Roster roster(node(5), {});
  roster.on_up(1, node(1), start);
  roster.on_up(2, node(2), start);
  roster.learn(about(1, 1, {node(3), node(5)}), start);
  roster.learn(about(3, 1, {node(1), node(4)}), start);
  roster.learn(about(4, 1, {node(3), node(2)}), start);
  roster.learn(about(6, 1), start);
  CHECK(roster.next_hop(node(2)) == 2);
  CHECK(roster.next_hop(node(3)) == 1);
  CHECK(roster.next_hop(node(4)) == 1);
  CHECK_FALSE(roster.next_hop(node(6)));
  roster.learn(about(2, 1, {node(4), node(5)}), start);
  CHECK(roster.next_hop(node(4)) == 2);
  CHECK(roster.find("user4") == std::vector<Id>{node(4)});
}

TEST_CASE("roster: CHAT-10, a nick is where there is a way to it") {
  Roster roster(node(5), {});
  roster.on_up(1, node(1), start);
  for (std::uint8_t number = 1; number <= 2; ++number) {
    About twin = about(number, 1);
    twin.users = {{"twin", {}}};
    roster.learn(twin, start);
  }
  CHECK(roster.find("twin") == std::vector<Id>{node(1)});
  roster.on_up(2, node(2), start);
  CHECK(roster.find("twin").size() == 2);
  CHECK(roster.find("nobody").empty());
}

TEST_CASE("roster: strangers cannot make it remember without end") {
  Roster roster(node(5), {});
  for (std::uint64_t i = 0; i < 5000; ++i) {
    About stranger{.node = Id::of_name(std::to_string(i)), .version = 1};
    for (int user = 0; user < 100; ++user) {
      stranger.users[std::to_string(i) + "." + std::to_string(user)];
    }
    stranger.endpoints = {std::to_string(i)};
    roster.learn(std::move(stranger), start);
  }
  CHECK(roster.peers(start).size() <= 2000);
  CHECK(roster.users().size() <= 100'000);
  roster.tick(start + 5s);
  CHECK(roster.take_dials().size() <= 1000);
}
