#include <doctest/doctest.h>

#include "requester_fixture.hpp"

using namespace shoal;
using namespace shoal::reqrep;
using namespace shoal::reqrep::test;
using namespace shoal::wire::reqrep;
using namespace std::chrono_literals;

TEST_CASE("requester: REQ-8, an answer ends a request, and a second one is a stray") {
  Fixture f;
  f.up(1);
  Id id = f.ask();
  REQUIRE(f.sent() == std::vector{std::pair(PeerId{1}, id)});
  f.answer(1, id, ReplyKind::exited, 7);
  Ended ended = f.ended();
  CHECK(ended.kind == Kind::answered);
  CHECK(ended.replies.at(0).replier == Fixture::node(1));
  CHECK(ended.replies[0].reply.status == 7);
  CHECK(ended.attempts == 1);
  f.answer(1, id);
  CHECK(f.core.take_ended().empty());
  CHECK(f.core.stray() == 1);
  CHECK(f.core.open() == 0);
  CHECK(f.core.next_tick() == never);
}

TEST_CASE("requester: REQ-6, a reply from a session that was not asked changes nothing") {
  Fixture f;
  f.up(1);
  Id id = f.ask();
  f.sent();
  f.up(2);
  f.answer(2, id);
  f.answer(1, Id::of_name("foreign"));
  CHECK(f.core.take_ended().empty());
  CHECK(f.core.stray() == 2);
  f.answer(1, id);
  CHECK(f.ended().kind == Kind::answered);
}

TEST_CASE("requester: REQ-3 and REQ-4, the deadline ends a request and cancels it") {
  Fixture f;
  f.up(1);
  Id id = f.ask(2s);
  f.sent();
  CHECK(f.last.requests[0].remaining == 2s);
  CHECK(f.core.next_tick() == f.now + 2s);
  f.wait(1999ms);
  CHECK(f.core.take_ended().empty());
  f.wait(1ms);
  CHECK(f.ended().kind == Kind::timed_out);
  f.sent();
  CHECK(f.cancelled == std::vector{id});
  f.answer(1, id, ReplyKind::late);
  CHECK(f.core.stray() == 0);
  f.answer(1, id);
  CHECK(f.core.stray() == 1);
}

TEST_CASE("requester: REQ-8, nobody there, or somebody who went") {
  Fixture f;
  f.ask(1s);
  f.wait(1s);
  CHECK(f.ended().kind == Kind::nobody);
  f.up(1);
  f.core.on_down(1, "left", f.now);
  f.wait(1s);
  f.ask(1s);
  f.wait(1s);
  CHECK(f.ended().kind == Kind::nobody);
  f.up(1);
  f.ask(1s);
  f.core.on_down(1, "left", f.now);
  f.wait(1s);
  CHECK(f.ended().kind == Kind::timed_out);
}

TEST_CASE("requester: REQ-4, what its asker gives up is cancelled and ends without a word") {
  Fixture f;
  f.up(1);
  Id id = f.ask();
  f.sent();
  f.core.cancel(id, f.now);
  f.sent();
  CHECK(f.cancelled == std::vector{id});
  CHECK(f.core.take_ended().empty());
  CHECK(f.core.open() == 0);
  CHECK(f.core.next_tick() == never);
}

TEST_CASE("requester: REQ-7, a lost session and `failed` are tried again elsewhere") {
  Fixture f;
  f.up(1);
  Id id = f.ask();
  REQUIRE(f.sent().size() == 1);
  f.up(2);
  f.core.on_down(1, "it died", f.now);
  REQUIRE(f.sent() == std::vector{std::pair(PeerId{2}, id)});
  CHECK(f.last.attempt == 2);
  f.up(3);
  f.answer(2, id, ReplyKind::failed);
  REQUIRE(f.sent() == std::vector{std::pair(PeerId{3}, id)});
  CHECK(f.core.retried() == 2);
  f.answer(3, id);
  CHECK(f.ended().attempts == 3);
}

TEST_CASE(
    "requester: REQ-7, the same replier is asked again when there is no other, until the "
    "retries are used up") {
  Fixture f({.retries = 2});
  f.up(1);
  Id id = f.ask();
  for (int attempt = 1; attempt <= 3; ++attempt) {
    REQUIRE(f.sent().size() == 1);
    f.core.on_message(
        1, Replies{{{.id = id, .kind = ReplyKind::failed, .error = Bytes::copy("no such file")}}},
        f.now);
  }
  Ended ended = f.ended();
  CHECK(ended.kind == Kind::unreachable);
  CHECK(ended.reason == "no such file");
  CHECK(ended.attempts == 3);
}

TEST_CASE("requester: REQ-7, busy is tried after a pause and is no attempt") {
  Fixture f({.retries = 0});
  f.up(1);
  Id id = f.ask();
  for (int i = 0; i < 10; ++i) {
    REQUIRE(f.sent().size() == 1);
    f.answer(1, id, ReplyKind::busy);
    CHECK(f.sent().empty());
    CHECK(f.core.next_tick() == f.now + 20ms);
    f.wait(20ms);
  }
  REQUIRE(f.sent().size() == 1);
  f.answer(1, id);
  CHECK(f.ended().attempts == 1);
  CHECK(f.core.retried() == 0);
}

TEST_CASE("requester: REQ-9, the breaker opens, ends requests at once, and lets one probe out") {
  Fixture f({.retries = 0, .breaker = {.failures = 3, .pause = 5s}});
  f.up(1);
  for (int i = 0; i < 3; ++i) {
    Id id = f.ask();
    REQUIRE(f.sent().size() == 1);
    f.answer(1, id, ReplyKind::failed);
    CHECK(f.ended().kind == Kind::unreachable);
  }
  f.ask();
  CHECK(f.ended().kind == Kind::breakers);
  f.wait(4999ms);
  f.ask();
  CHECK(f.ended().kind == Kind::breakers);
  f.wait(1ms);
  Id probe = f.ask();
  CHECK(f.sent().size() == 1);
  f.ask();
  CHECK(f.ended().kind == Kind::breakers);
  f.answer(1, probe, ReplyKind::failed);
  CHECK(f.ended().kind == Kind::unreachable);
  f.ask();
  CHECK(f.ended().kind == Kind::breakers);
  f.wait(5s);
  probe = f.ask();
  f.answer(1, probe);
  CHECK(f.ended().kind == Kind::answered);
  f.ask();
  f.ask();
  CHECK(f.sent().size() == 3);
}

TEST_CASE("requester: REQ-9, a breaker outlives the session, and deadlines count") {
  Fixture f({.breaker = {.failures = 2, .pause = 5s}});
  f.up(1);
  f.ask(1s);
  f.ask(1s);
  f.wait(1s);
  CHECK(f.core.take_ended().size() == 2);
  f.core.on_down(1, "gone", f.now);
  f.up(1);
  f.ask();
  CHECK(f.ended().kind == Kind::breakers);
  f.core.on_up(2, Fixture::node(2), 1, f.now);
  f.sent();
  f.ask();
  CHECK(f.sent().at(0).first == 2);
}

TEST_CASE("requester: REQ-10, no more is sent ahead than a replier can begin") {
  Fixture f;
  f.up(1, 3);
  std::vector<Id> ids;
  for (int i = 0; i < 500; ++i) ids.push_back(f.ask());
  auto sent = f.sent();
  CHECK(sent.size() == 4);
  f.now += 10ms;
  std::size_t outstanding = sent.size();
  for (int i = 0; i < 20; ++i) {
    Id next = sent.front().second;
    sent.erase(sent.begin());
    f.answer(1, next);
    auto more = f.sent();
    outstanding = outstanding - 1 + more.size();
    sent.insert(sent.end(), more.begin(), more.end());
    f.now += 10ms;
  }
  // An answer each 10 ms: 3 slots, 100 ms ahead, and 10 ms on the way.
  CHECK(outstanding >= 4);
  CHECK(outstanding <= 15);
}

TEST_CASE("requester: REQ-10, the quicker replier gets more, and one that hangs loses its turn") {
  Fixture f;
  f.up(1);
  f.up(2);
  f.up(3);
  std::map<PeerId, int> counts;
  std::map<PeerId, std::vector<Id>> with;
  for (int i = 0; i < 1000; ++i) f.ask(100s);
  auto note = [&] {
    for (auto& [peer, id] : f.sent()) {
      ++counts[peer];
      with[peer].push_back(id);
    }
  };
  auto answer_first = [&](PeerId peer) {
    if (with[peer].empty()) return;
    Id id = with[peer].front();
    with[peer].erase(with[peer].begin());
    f.answer(peer, id);
    note();
  };
  note();
  for (int step = 0; step < 200; ++step) {
    f.now += 1ms;
    answer_first(1);
    if (step % 10 == 9) answer_first(2);
  }
  CHECK(counts[1] > 4 * counts[2]);
  CHECK(counts[2] > counts[3]);
  CHECK(counts[3] == 2);
}

TEST_CASE("requester: requests travel together while they share their terms") {
  Fixture f;
  f.up(1, 10'000);
  std::vector<Ask> asks;
  for (int i = 0; i < 5000; ++i) {
    asks.push_back({.id = Id::of_name(std::to_string(i)), .deadline = f.now + 1s});
  }
  asks[10].headers["key"] = "value";
  f.core.offer(std::move(asks), f.now);
  auto outbox = f.core.take_outbox();
  REQUIRE(outbox.envelopes.size() == 2 + (5000 - 11 + good_batch - 1) / good_batch);
  CHECK(std::get<Requests>(outbox.envelopes[0].message).requests.size() == 10);
  CHECK(std::get<Requests>(outbox.envelopes[1].message).headers.size() == 1);
  CHECK(std::get<Requests>(outbox.envelopes[2].message).requests.size() == good_batch);
  f.ask(1s, std::string(200'000, 'a'));
  f.ask(1s, std::string(100'000, 'b'));
  CHECK(f.core.take_outbox().envelopes.size() == 2);
}

TEST_CASE("requester: REQ-1, what a replier may not send is blamed on it") {
  Fixture f;
  f.up(1);
  Id id = f.ask();
  f.sent();
  auto blamed = [&](Any message) {
    f.core.on_message(1, std::move(message), f.now);
    return f.core.take_outbox().faults.size() == 1;
  };
  CHECK(blamed(Cancel{{id}}));
  CHECK(blamed(Replies{{{.id = id, .kind = ReplyKind::accepted}}}));
  CHECK(blamed(Replies{{{.id = id, .kind = ReplyKind::delivered}}}));
  CHECK_FALSE(blamed(Replies{{{.id = Id::of_name("x"), .kind = ReplyKind::accepted}}}));
  CHECK(f.core.open() == 1);
}

TEST_CASE("requester: REQ-11, a notification ends when it is accepted") {
  Fixture f({.notify = true});
  f.up(1);
  Id id = f.ask();
  f.sent();
  CHECK(f.last.notify);
  f.answer(1, id, ReplyKind::accepted);
  CHECK(f.ended().kind == Kind::answered);
}

TEST_CASE("requester: REQ-14, a reply at the return address ends the request and is confirmed") {
  Fixture f({.return_to = "tcp://127.0.0.1:7"});
  f.up(1);
  Id id = f.ask();
  f.sent();
  CHECK(f.last.return_to == "tcp://127.0.0.1:7");
  Replies replies{{{.id = id, .from = Fixture::node(9)}}};
  f.core.on_direct(50, replies, f.now);
  CHECK(f.ended().replies.at(0).replier == Fixture::node(9));
  auto confirm = f.core.take_direct_outbox().envelopes;
  REQUIRE(confirm.size() == 1);
  CHECK(confirm[0].to == 50);
  CHECK(std::get<Got>(confirm[0].message).ids == std::vector{id});
  f.answer(1, id, ReplyKind::delivered);
  CHECK(f.core.stray() == 0);
  CHECK(f.sent().empty());
  CHECK(f.cancelled.empty());
  f.core.on_direct(50, replies, f.now);
  CHECK(f.core.stray() == 1);
  CHECK(f.core.take_direct_outbox().envelopes.size() == 1);
}
