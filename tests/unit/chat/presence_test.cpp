#include <doctest/doctest.h>

#include <shoal/chat/presence.hpp>

using namespace shoal;
using namespace shoal::chat;
using namespace std::chrono_literals;

namespace {

const Id one = Id::of_name("one");
const Id two = Id::of_name("two");
const Time start{1h};
using Rooms = std::vector<std::string>;

std::string told(Presence& presence) {
  std::string text;
  for (const PresenceChange& change : presence.take_changes()) {
    const char* const words[] = {"gone", "away", "here"};
    text += (text.empty() ? "" : " ") + change.nick + ":" + words[static_cast<int>(change.state)];
    for (const std::string& room : change.rooms) text += "," + room;
  }
  return text;
}

}  // namespace

TEST_CASE("presence: CHAT-9, who comes is told at once, who goes after ten seconds") {
  Presence presence;
  presence.put("anna", one, State::here, {"lobby"}, start);
  CHECK(told(presence) == "anna:here,lobby");
  presence.remove("anna", one, start + 1s);
  CHECK(presence.next_tick() == start + 11s);
  presence.tick(start + 10s);
  CHECK(told(presence).empty());
  CHECK(presence.users().size() == 1);
  presence.tick(start + 11s);
  CHECK(told(presence) == "anna:gone");
  CHECK(presence.users().empty());
  CHECK(presence.next_tick() == never);
}

TEST_CASE("presence: CHAT-9, a short absence is no change") {
  Presence presence;
  presence.put("anna", one, State::here, {"lobby"}, start);
  told(presence);
  presence.put("anna", one, State::away, {"lobby"}, start + 1s);
  presence.put("anna", one, State::here, {"lobby"}, start + 5s);
  presence.remove("anna", one, start + 6s);
  presence.put("anna", two, State::here, {"lobby"}, start + 15s);
  presence.tick(start + 60s);
  CHECK(told(presence).empty());
}

TEST_CASE("presence: CHAT-9, away becomes gone, and ends in here") {
  Presence presence;
  presence.put("anna", one, State::here, {}, start);
  presence.put("anna", one, State::away, {}, start + 1s);
  presence.tick(start + 11s);
  presence.remove("anna", one, start + 20s);
  presence.tick(start + 30s);
  presence.put("anna", one, State::here, {}, start + 40s);
  CHECK(told(presence) == "anna:here anna:away anna:gone anna:here");
  // Away, then gone within the ten seconds: told once, as what it is by then.
  presence.put("anna", one, State::away, {}, start + 50s);
  presence.remove("anna", one, start + 55s);
  presence.tick(start + 60s);
  CHECK(told(presence) == "anna:gone");
}

TEST_CASE("presence: CHAT-9, a nick at two peers is what it is at the better one") {
  Presence presence;
  presence.put("anna", one, State::here, {"lobby"}, start);
  presence.put("anna", two, State::here, {"attic"}, start);
  CHECK(told(presence) == "anna:here,lobby anna:here,attic,lobby");
  CHECK(presence.nodes_of("anna").size() == 2);
  presence.put("anna", one, State::away, {"lobby"}, start + 1s);
  CHECK(told(presence) == "anna:here,attic");
  presence.tick(start + 60s);
  CHECK(told(presence).empty());
  CHECK(presence.users().front().nodes == 2);
}

TEST_CASE("presence: other rooms are told at once, the same ones never") {
  Presence presence;
  presence.put("anna", one, State::here, {"lobby"}, start);
  presence.put("anna", one, State::here, {"lobby"}, start + 1s);
  presence.put("anna", one, State::here, {"attic"}, start + 2s);
  CHECK(told(presence) == "anna:here,lobby anna:here,attic");
  CHECK(presence.users().front().since == start);
}

TEST_CASE("presence: who was never here and is not, leaves nothing") {
  Presence presence;
  presence.put("anna", one, State::away, {}, start);
  presence.remove("anna", one, start + 1s);
  CHECK(presence.next_tick() == never);
  presence.remove("bert", one, start);
  presence.tick(start + 60s);
  CHECK(told(presence).empty());
}
