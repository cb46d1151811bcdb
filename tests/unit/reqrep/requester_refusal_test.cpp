// What a requester is refused, and what it asks of every replier.

#include <doctest/doctest.h>

#include "requester_fixture.hpp"

using namespace shoal;
using namespace shoal::reqrep;
using namespace shoal::reqrep::test;
using namespace shoal::wire::reqrep;
using namespace std::chrono_literals;

TEST_CASE("requester: REQ-18, whoever says circle is not asked again, and others are") {
  Fixture f({.breaker = {.failures = 1, .pause = 5s}});
  f.up(1);
  f.up(2);
  Id id = f.ask();
  PeerId first = f.sent().at(0).first;
  f.answer(first, id, ReplyKind::circle);
  PeerId second = f.sent().at(0).first;
  CHECK(second != first);
  f.answer(second, id);
  CHECK(f.ended().kind == Kind::answered);
  id = f.ask();
  first = f.sent().at(0).first;
  f.answer(first, id, ReplyKind::circle);
  f.answer(f.sent().at(0).first, id, ReplyKind::circle);
  CHECK(f.sent().empty());
  Ended ended = f.ended();
  CHECK(ended.kind == Kind::circle);
  CHECK(ended.attempts == 2);
  CHECK(f.core.open() == 0);
  f.ask();
  CHECK(f.sent().size() == 1);
}

TEST_CASE("requester: REQ-19, a request that nobody takes ends alone, once all are reached") {
  Fixture f;
  f.up_taking(1, 4);
  Id large = f.ask(10s, "large");
  Id small = f.ask(10s, "fits");
  CHECK(f.sent() == std::vector{std::pair(PeerId{1}, small)});
  CHECK(f.core.take_ended().empty());
  f.core.set_all_dialled(true);
  CHECK(f.core.next_tick() == f.now);
  f.core.tick(f.now);
  Ended ended = f.ended();
  CHECK(ended.id == large);
  CHECK(ended.kind == Kind::answered);
  CHECK(ended.attempts == 0);
  CHECK(ended.replies.at(0).reply.kind == ReplyKind::unfit);
  CHECK(ended.replies[0].reply.error.view().starts_with(
      "the request is too large: 5 bytes, and the replier takes 4B"));
  f.ask(10s, "large");
  CHECK(f.ended().replies.at(0).reply.kind == ReplyKind::unfit);
  CHECK(f.core.open() == 1);
}

TEST_CASE("requester: REQ-19, a large request waits for those that take it, and holds up nobody") {
  Fixture f;
  f.core.set_all_dialled(true);
  f.up_taking(1, 4);
  f.up_taking(2, 100);
  Id first = f.ask(10s, "large 1");
  Id second = f.ask(10s, "large 2");
  CHECK(f.sent() == std::vector{std::pair(PeerId{2}, first), std::pair(PeerId{2}, second)});
  f.ask(10s, "large 3");
  Id small = f.ask(10s, "fits");
  CHECK(f.sent() == std::vector{std::pair(PeerId{1}, small)});
  f.core.on_down(2, "gone", f.now);
  auto ended = f.core.take_ended();
  REQUIRE(ended.size() == 3);
  for (const Ended& each : ended) CHECK(each.replies.at(0).reply.kind == ReplyKind::unfit);
  CHECK(f.core.open() == 1);
}

TEST_CASE("requester: REQ-19, at its deadline one that was too large is told so") {
  Fixture f;
  f.up_taking(1, 4);
  f.ask(1s, "large");
  f.wait(1s);
  CHECK(f.ended().replies.at(0).reply.kind == ReplyKind::unfit);
}

TEST_CASE("requester: REQ-19 and REQ-20, a reply that is too large, or unfit, is not asked again") {
  Fixture f({.breaker = {.failures = 1, .pause = 5s}, .max_reply = 4});
  f.up(1);
  f.up(2);
  for (const char* output : {"large", ""}) {
    Id id = f.ask();
    PeerId peer = f.sent().at(0).first;
    Reply reply{.id = id, .output = Bytes::copy(output)};
    if (reply.output.empty()) reply.kind = ReplyKind::unfit;
    f.core.on_message(peer, Replies{{reply}}, f.now);
    Ended ended = f.ended();
    CHECK(ended.attempts == 1);
    CHECK(ended.replies.at(0).reply.kind == ReplyKind::unfit);
    CHECK(ended.replies[0].reply.output.empty());
    CHECK(f.sent().empty());
  }
}

TEST_CASE("scatter: REQ-19, a replier that takes less is not asked, and its answer is unfit") {
  Fixture f({.scatter = true});
  f.core.set_all_dialled(true);
  f.up_taking(1, 4);
  f.up_taking(2, 5);
  Id id = f.ask(10s, "large");
  CHECK(f.sent() == std::vector{std::pair(PeerId{2}, id)});
  f.answer(2, id);
  Ended ended = f.ended();
  CHECK(ended.kind == Kind::answered);
  REQUIRE(ended.replies.size() == 2);
  CHECK(ended.replies[0].reply.kind == ReplyKind::unfit);
}

TEST_CASE("requester: REQ-12 and REQ-17, who waits is said with a request, and later") {
  Fixture f;
  const Id us = Id::of_name("us");
  Ask ask{.id = Id::of_name("passed on"), .deadline = f.now + 10s, .hops = 1, .path = {us}};
  f.core.offer({ask}, f.now);
  f.core.widen(ask.id, {Id::of_name("other"), us});
  f.up(1);
  REQUIRE(f.sent().size() == 1);
  CHECK(f.last.path == std::vector{Id::of_name("other"), us});
  f.core.widen(ask.id, {us});
  auto outbox = f.core.take_outbox();
  REQUIRE(outbox.envelopes.size() == 1);
  CHECK(std::get<Waiting>(outbox.envelopes[0].message).path == std::vector{us});
  f.core.widen(Id::of_name("unknown"), {us});
  CHECK(f.core.take_outbox().envelopes.empty());
}

TEST_CASE("scatter: every replier is asked, also one that comes up later") {
  Fixture f({.scatter = true});
  f.up(1);
  Id id = f.ask();
  CHECK(f.sent().size() == 1);
  f.answer(1, id);
  CHECK(f.core.take_ended().empty());
  f.core.set_all_dialled(true);
  f.up(2);
  CHECK(f.sent() == std::vector{std::pair(PeerId{2}, id)});
  f.answer(2, id, ReplyKind::failed);
  Ended ended = f.ended();
  CHECK(ended.kind == Kind::answered);
  CHECK(ended.replies.size() == 2);
  CHECK(f.core.open() == 0);
}

TEST_CASE("scatter: ends with what came at the deadline, and cancels the rest") {
  Fixture f({.scatter = true});
  f.core.set_all_dialled(true);
  f.up(1);
  f.up(2);
  Id id = f.ask(1s);
  f.sent();
  f.answer(2, id);
  f.wait(1s);
  Ended ended = f.ended();
  CHECK(ended.kind == Kind::timed_out);
  CHECK(ended.replies.at(0).replier == Fixture::node(2));
  f.sent();
  CHECK(f.cancelled == std::vector{id});
}

TEST_CASE("scatter: as many replies as wanted are enough, and fewer are told") {
  Fixture f({.scatter = true, .wanted = 2});
  f.core.set_all_dialled(true);
  for (PeerId peer : {1, 2, 3}) f.up(peer);
  Id id = f.ask();
  f.sent();
  f.answer(1, id);
  f.answer(3, id);
  CHECK(f.ended().kind == Kind::answered);
  f.sent();
  CHECK(f.cancelled == std::vector{id});
  for (PeerId peer : {2, 3}) f.core.on_down(peer, "left", f.now);
  id = f.ask();
  f.answer(1, id);
  Ended ended = f.ended();
  CHECK(ended.kind == Kind::unreachable);
  CHECK(ended.reason == "only 1 of 2 repliers answered");
}

TEST_CASE("scatter: one whose session ended is asked again when it comes back") {
  Fixture f({.scatter = true});
  f.core.set_all_dialled(true);
  f.up(1);
  Id id = f.ask();
  f.sent();
  f.core.set_all_dialled(false);
  f.core.on_down(1, "cut", f.now);
  CHECK(f.core.take_ended().empty());
  f.core.set_all_dialled(true);
  f.core.on_up(7, Fixture::node(1), 1, f.now);
  CHECK(f.sent() == std::vector{std::pair(PeerId{7}, id)});
  f.answer(7, id);
  CHECK(f.ended().kind == Kind::answered);
}

TEST_CASE("scatter: that all are dialled may be told without any other event") {
  Fixture f({.scatter = true});
  f.up(1);
  Id id = f.ask();
  f.answer(1, id);
  f.core.set_all_dialled(true);
  CHECK(f.core.next_tick() <= f.now);
  f.wait(0s);
  CHECK(f.ended().kind == Kind::answered);
  CHECK(f.core.next_tick() == never);
}
