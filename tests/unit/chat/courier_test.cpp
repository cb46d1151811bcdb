#include <doctest/doctest.h>

#include <shoal/chat/courier.hpp>

using namespace shoal;
using namespace shoal::chat;
using namespace std::chrono_literals;
using wire::chat::Outcome;

namespace {

const Time start{1h};
const Id self = Id::of_name("self");
const Id near = Id::of_name("near");
const Id far = Id::of_name("far");
const Id other = Id::of_name("other");

// We have sessions with `near` (1) and `other` (2); `far` is behind `near`.
struct Fixture {
  Roster roster{self, {}};
  Courier courier{self, roster};

  Fixture() {
    roster.set_own({.node = self, .users = {{"anna", {}}}}, start);
    roster.on_up(1, near, start);
    roster.on_up(2, other, start);
    roster.learn({.node = near, .version = 1, .links = {self, far}, .users = {{"nele", {}}}},
                 start);
    roster.learn({.node = far, .version = 1, .links = {near}, .users = {{"fred", {}}}}, start);
    roster.learn({.node = other, .version = 1, .links = {self}, .users = {{"olga", {}}}}, start);
  }

  template <typename Message>
  std::vector<std::pair<PeerId, Message>> sent() {
    std::vector<std::pair<PeerId, Message>> all;
    for (auto& envelope : courier.take_outbox().envelopes) {
      all.emplace_back(envelope.to, std::get<Message>(envelope.message));
    }
    return all;
  }

  std::string ended() {
    std::string text;
    for (const DirectEnded& ended : courier.take_ended()) text += describe(ended.ending, ended.to);
    return text;
  }

  Direct incoming(const Id& target, std::string to) {
    Direct direct{.id = Id::of_name("1"), .origin = far, .target = target, .nick = "fred"};
    direct.to = std::move(to);
    direct.text = "psst";
    return direct;
  }
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "courier: CHAT-10, a message goes the shortest way and ends delivered") {
  Id id = courier.send("anna", "fred", "psst", 9, start);
  auto out = sent<Direct>();
  REQUIRE(out.size() == 1);
  CHECK(out[0].first == 1);
  CHECK(out[0].second.target == far);
  CHECK(out[0].second.hops == 16);
  courier.on_receipt(1, {.id = id, .origin = self, .outcome = Outcome::delivered});
  courier.on_receipt(1, {.id = id, .origin = self, .outcome = Outcome::delivered});
  CHECK(ended() == "delivered to fred");
  CHECK(courier.next_tick() == never);
}

TEST_CASE_FIXTURE(Fixture, "courier: CHAT-10, it is repeated each second, for ten") {
  courier.send("anna", "fred", "psst", 9, start);
  for (auto now = start; now < start + 10s; now = courier.next_tick()) courier.tick(now);
  CHECK(sent<Direct>().size() == 10);
  CHECK(ended().empty());
  courier.tick(start + 10s);
  CHECK(ended() == "no answer from fred; it may not have been delivered");
  CHECK(courier.next_tick() == never);
}

TEST_CASE_FIXTURE(Fixture, "courier: the sender is told when the nick is unknown or twice") {
  courier.send("anna", "zoe", "psst", 9, start);
  CHECK(ended() == "nobody called zoe is here");
  roster.learn({.node = other, .version = 2, .links = {self}, .users = {{"fred", {}}}}, start);
  courier.send("anna", "fred", "psst", 9, start);
  CHECK(ended() == "fred is here more than once; it was not sent");
  CHECK(sent<Direct>().empty());
}

TEST_CASE_FIXTURE(Fixture,
                  "courier: no way there: told after ten seconds, and only if it is sure") {
  Id id = courier.send("anna", "fred", "psst", 9, start);
  courier.on_receipt(1, {.id = id, .origin = self, .outcome = Outcome::no_way});
  roster.learn({.node = near, .version = 2, .links = {self}}, start);
  for (auto now = start; now <= start + 10s; now += 1s) courier.tick(now);
  CHECK(ended() == "fred cannot be reached now; it was not delivered");
}

TEST_CASE_FIXTURE(Fixture, "courier: a user of ours is reached without anybody else") {
  courier.send("anna", "anna", "psst", 9, start);
  CHECK(courier.take_arrived().size() == 1);
  CHECK(ended() == "delivered to anna");
  CHECK(sent<Direct>().empty());
}

TEST_CASE_FIXTURE(Fixture, "courier: CHAT-10, an id is delivered once and answered each time") {
  courier.on_direct(1, incoming(self, "anna"), start);
  courier.on_direct(1, incoming(self, "anna"), start + 9s);
  CHECK(courier.take_arrived().size() == 1);
  auto receipts = sent<Receipt>();
  REQUIRE(receipts.size() == 2);
  CHECK(receipts[0].first == 1);
  CHECK(receipts[1].second.outcome == Outcome::delivered);
}

TEST_CASE_FIXTURE(Fixture, "courier: CHAT-10, what was refused once is not delivered later") {
  courier.on_direct(1, incoming(self, "anton"), start);
  roster.set_own({.node = self, .users = {{"anton", {}}}}, start);
  courier.on_direct(1, incoming(self, "anton"), start + 1s);
  CHECK(courier.take_arrived().empty());
  CHECK(sent<Receipt>()[1].second.outcome == Outcome::no_such_nick);
}

TEST_CASE_FIXTURE(Fixture, "courier: CHAT-10, others' messages are passed on, hops counting down") {
  courier.on_direct(1, incoming(other, "olga"), start);
  auto out = sent<Direct>();
  REQUIRE(out.size() == 1);
  CHECK(out[0].first == 2);
  CHECK(out[0].second.hops == 15);
  courier.on_receipt(2, {.id = Id::of_name("1"), .origin = far, .hops = 9});
  auto back = sent<Receipt>();
  REQUIRE(back.size() == 1);
  CHECK(back[0].first == 1);
  CHECK(back[0].second.hops == 8);
}

TEST_CASE_FIXTURE(Fixture, "courier: CHAT-10, no way on, or no hops left: the origin is told") {
  courier.on_direct(1, incoming(Id::of_name("unknown"), "x"), start);
  Direct tired = incoming(other, "olga");
  tired.hops = 1;
  courier.on_direct(1, tired, start);
  // Back where it came from is no way.
  courier.on_direct(1, incoming(far, "fred"), start);
  auto receipts = sent<Receipt>();
  REQUIRE(receipts.size() == 3);
  for (const auto& [to, receipt] : receipts) CHECK(receipt.outcome == Outcome::no_way);
}

TEST_CASE_FIXTURE(Fixture, "courier: as many as wait already are not sent") {
  for (int i = 0; i < 1001; ++i) courier.send("anna", "fred", "psst", 9, start);
  CHECK(ended() == "too many messages wait for an answer; this one was not sent");
}
