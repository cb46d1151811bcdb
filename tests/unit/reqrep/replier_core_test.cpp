#include <doctest/doctest.h>

#include <shoal/reqrep/replier_core.hpp>

using namespace shoal;
using namespace shoal::reqrep;
using namespace shoal::wire::reqrep;
using namespace std::chrono_literals;

namespace {

const Id one = Id::of_name("one");
const Id two = Id::of_name("two");
const Id three = Id::of_name("three");

struct Fixture {
  explicit Fixture(ReplierCoreOptions options = {}) : core(std::move(options)) {
    for (PeerId peer : {1, 2}) core.on_up(peer, now);
  }

  void ask(PeerId peer, const Id& id, Requests terms = {}, Duration remaining = 10s,
           std::string_view body = "body") {
    terms.requests = {{id, remaining, Bytes::copy(body)}};
    core.on_message(peer, std::move(terms), now);
  }

  /// The one run that has been started since.
  StartRun start() {
    auto all = core.take_starts();
    REQUIRE(all.size() == 1);
    return std::move(all.front());
  }

  void finish(const StartRun& run, std::string_view output = "done") {
    core.on_finished(run.run, {.output = Bytes::copy(output)}, now);
  }

  /// The replies since, by whom to, in order.
  std::vector<std::pair<PeerId, Reply>> replies() {
    std::vector<std::pair<PeerId, Reply>> found;
    for (auto& envelope : core.take_outbox().envelopes) {
      for (Reply& reply : std::get<Replies>(envelope.message).replies)
        found.emplace_back(envelope.to, std::move(reply));
    }
    return found;
  }

  /// The one reply since.
  Reply reply() {
    auto all = replies();
    REQUIRE(all.size() == 1);
    return all.front().second;
  }

  ReplierCore core;
  Time now{};
};

}  // namespace

TEST_CASE("replier: REQ-5, runs as many at a time as it has slots, and answers in any order") {
  Fixture f({.slots = 2});
  for (const Id& id : {one, two, three}) f.ask(1, id);
  auto starts = f.core.take_starts();
  REQUIRE(starts.size() == 2);
  CHECK(starts[0].body.view() == "body");
  f.finish(starts[1], "second");
  Reply reply = f.reply();
  CHECK(reply.id == two);
  CHECK(reply.output.view() == "second");
  CHECK(f.start().id == three);
  CHECK(f.core.taken() == 3);
  CHECK(f.core.answered() == 1);
}

TEST_CASE("replier: REQ-2, an id at work is not run again, and both askers are answered") {
  Fixture f;
  f.ask(1, one);
  StartRun run = f.start();
  f.ask(2, one);
  f.ask(2, one);
  CHECK(f.core.take_starts().empty());
  f.finish(run);
  auto replies = f.replies();
  REQUIRE(replies.size() == 2);
  CHECK(replies[0].first != replies[1].first);
  CHECK(f.core.repeated() == 2);
  CHECK(f.core.answered() == 1);
}

TEST_CASE("replier: REQ-2, another body under an id at work is failed") {
  Fixture f;
  f.ask(1, one);
  f.ask(2, one, {}, 10s, "another");
  CHECK(f.reply().kind == ReplyKind::failed);
}

TEST_CASE("replier: REQ-3, what is too late is not begun, and what becomes too late is stopped") {
  Fixture f;
  f.ask(1, one, {}, 0s);
  CHECK(f.reply().kind == ReplyKind::late);
  f.ask(1, one, {}, 1s);
  f.ask(1, two, {}, 1s);
  StartRun run = f.start();
  CHECK(f.core.next_tick() == f.now + 1s);
  f.now += 1s;
  f.core.tick(f.now);
  CHECK(f.core.take_stops() == std::vector{run.run});
  CHECK(f.core.take_starts().empty());
  CHECK(f.replies().size() == 2);
  f.finish(run);
  CHECK(f.replies().empty());
  CHECK(f.core.open() == 0);
  CHECK(f.core.dropped() == 2);
}

TEST_CASE("replier: REQ-3 and REQ-4, a cancelled request ends when every asker has given it up") {
  Fixture f;
  f.ask(1, one);
  f.ask(2, one);
  f.ask(1, two);
  StartRun run = f.start();
  f.core.on_message(1, Cancel{{one, two, three}}, f.now);
  CHECK(f.core.take_stops().empty());
  f.core.on_down(2, f.now);
  CHECK(f.core.take_stops() == std::vector{run.run});
  CHECK(f.replies().empty());
  CHECK(f.core.open() == 0);
  CHECK(f.core.next_tick() == never);
}

TEST_CASE("replier: only an asker can cancel") {
  Fixture f;
  f.ask(1, one);
  f.core.on_message(2, Cancel{{one}}, f.now);
  CHECK(f.core.take_stops().empty());
  CHECK(f.core.open() == 1);
}

TEST_CASE("replier: REQ-5, a cache answers repeated ids until it is too old") {
  Fixture f({.cache = 10s});
  f.ask(1, one);
  f.finish(f.start());
  f.replies();
  f.now += 9s;
  f.ask(2, one);
  CHECK(f.core.take_starts().empty());
  CHECK(f.reply().output.view() == "done");
  f.ask(2, one, {}, 10s, "another");
  CHECK(f.reply().kind == ReplyKind::failed);
  f.now += 1s;
  f.core.tick(f.now);
  f.ask(2, one);
  f.start();
}

TEST_CASE("replier: REQ-5, with a cache what an asker left behind is run to its end once") {
  Fixture f({.cache = 10s});
  f.ask(1, one);
  StartRun run = f.start();
  f.core.on_down(1, f.now);
  CHECK(f.core.take_stops().empty());
  f.finish(run);
  f.ask(2, one);
  CHECK(f.reply().output.view() == "done");
}

TEST_CASE("replier: the cache holds to its bytes, and failures are not kept") {
  Fixture f({.cache = 10s, .cache_bytes = 3000});
  for (const Id& id : {one, two, three}) {
    f.ask(1, id);
    f.finish(f.start(), std::string(1000, 'x'));
  }
  f.replies();
  f.ask(1, three);
  CHECK(f.reply().kind == ReplyKind::exited);
  f.ask(1, one);
  f.core.on_finished(f.start().run, {.kind = ReplyKind::failed}, f.now);
  f.ask(1, one);
  f.start();
}

TEST_CASE("replier: a full queue is busy") {
  Fixture f({.queue = 1, .queue_bytes = 10});
  f.ask(1, one);
  f.ask(1, two);
  f.ask(1, three);
  CHECK(f.reply().kind == ReplyKind::busy);
  f.core.on_message(1, Cancel{{two}}, f.now);
  f.ask(1, three, {}, 10s, "eleven bytes");
  CHECK(f.reply().kind == ReplyKind::busy);
}

TEST_CASE("replier: what was passed on and is not answered stands in the queue") {
  Fixture f({.queue = 2});
  for (const Id& id : {one, two}) {
    f.ask(1, id);
    f.core.on_passed_on(f.start().run, f.now);
  }
  f.ask(1, three);
  CHECK(f.reply().kind == ReplyKind::busy);
  f.core.on_message(1, Cancel{{one}}, f.now);
  f.ask(1, three);
  CHECK(f.start().id == three);
}

TEST_CASE("replier: REQ-11, a notification is accepted once it is queued, and outlives its asker") {
  Fixture f;
  f.ask(1, one, {.notify = true});
  CHECK(f.reply().kind == ReplyKind::accepted);
  StartRun run = f.start();
  f.core.on_down(1, f.now);
  CHECK(f.core.take_stops().empty());
  f.finish(run);
  CHECK(f.replies().empty());
  CHECK(f.core.answered() == 1);
}

TEST_CASE("replier: REQ-16, too many hops are a circle") {
  Fixture f;
  f.ask(1, one, {.hops = 17});
  CHECK(f.reply().kind == ReplyKind::circle);
  f.ask(1, one, {.path = std::vector<Id>(most_path, two)});
  CHECK(f.reply().kind == ReplyKind::circle);
  f.ask(1, one, {.hops = 16, .headers = {{"a", "b"}}});
  StartRun run = f.start();
  CHECK(run.hops == 16);
  CHECK(run.headers.at("a") == "b");
}

TEST_CASE(
    "replier: REQ-16, what comes back to it is turned back, what comes by another way joins") {
  const Id us = Id::of_name("us");
  Fixture f({.node = us});
  f.ask(1, one);
  StartRun run = f.start();
  CHECK(f.core.on_passed_on(run.run, f.now) == std::vector{us});
  f.ask(2, one, {.hops = 2, .path = {us, two}});
  Reply reply = f.reply();
  CHECK(reply.kind == ReplyKind::circle);
  CHECK(reply.error.view() == "the chain of repliers is a circle");
  CHECK(f.core.take_widened().empty());
  // As many hops, and the same body: an asker that has tried again through another entry.
  f.ask(2, one, {.hops = 2, .path = {two}});
  CHECK(f.replies().empty());
  f.finish(run);
  CHECK(f.replies().size() == 2);
  CHECK(f.core.open() == 0);
}

TEST_CASE("replier: REQ-16, a circle is told before anything else is wrong with the request") {
  const Id us = Id::of_name("us");
  Fixture f({.node = us, .queue = 1});
  f.ask(1, one);
  StartRun run = f.start();
  f.core.on_passed_on(run.run, f.now);
  f.ask(2, one, {.path = {us}}, 10s, "changed on its way");
  CHECK(f.reply().kind == ReplyKind::circle);
  f.ask(2, two, {.path = {us}});
  CHECK(f.reply().kind == ReplyKind::circle);
}

TEST_CASE("replier: REQ-19, what is too large for it or for its asker is unfit, with both sizes") {
  Fixture f({.max_request = 4});
  f.core.on_up(3, f.now, 10);
  f.ask(3, one, {}, 10s, "large");
  Reply reply = f.reply();
  CHECK(reply.kind == ReplyKind::unfit);
  CHECK(reply.error.view() ==
        "the request is too large: 5 bytes, and the replier takes 4B; raise its --max-size or send "
        "less");
  f.ask(3, one, {}, 10s, "fits");
  f.finish(f.start(), "ten bytes!");
  CHECK(f.reply().output.view() == "ten bytes!");
  f.ask(3, two, {}, 10s, "fits");
  f.ask(1, two, {}, 10s, "fits");
  f.finish(f.start(), "more than ten");
  for (const auto& [peer, answer] : f.replies()) {
    CHECK(answer.id == two);
    CHECK(answer.kind == (peer == 3 ? ReplyKind::unfit : ReplyKind::exited));
    if (peer == 3) CHECK(answer.error.view().find("13 bytes, and the asker takes 10B") != -1UL);
  }
}

TEST_CASE(
    "replier: REQ-17, whoever waits for what is passed on is told on, until it meets itself") {
  const Id us = Id::of_name("us");
  Fixture f({.node = us});
  f.ask(1, one);
  StartRun run = f.start();
  f.ask(2, one, {.path = {two}});
  CHECK(f.core.take_widened().empty());
  CHECK(f.core.on_passed_on(run.run, f.now) == std::vector{two, us});
  f.core.on_message(2, Waiting{one, {two, three}}, f.now);
  f.core.on_message(2, Waiting{one, {three}}, f.now);
  auto widened = f.core.take_widened();
  REQUIRE(widened.size() == 1);
  CHECK(widened[0].id == one);
  CHECK(widened[0].path == std::vector{two, three, us});
  f.core.on_message(1, Waiting{two, {us}}, f.now);
  CHECK(f.replies().empty());
  f.core.on_message(2, Waiting{one, {three, us}}, f.now);
  auto replies = f.replies();
  REQUIRE(replies.size() == 1);
  CHECK(replies[0].first == 2);
  CHECK(replies[0].second.kind == ReplyKind::circle);
  CHECK(f.core.take_stops().empty());
  f.core.on_message(1, Waiting{one, {us}}, f.now);
  CHECK(f.reply().kind == ReplyKind::circle);
  CHECK(f.core.take_stops() == std::vector{run.run});
  CHECK(f.core.open() == 0);
}

TEST_CASE("replier: REQ-13, what was passed on leaves its slot and answers later") {
  Fixture f;
  f.ask(1, one, {.return_to = "tcp://asker"});
  StartRun run = f.start();
  f.core.on_passed_on(run.run, f.now);
  f.ask(1, two);
  f.start();
  f.core.on_finished(run.run, {.from = three, .output = Bytes::copy("far")}, f.now);
  CHECK(f.core.take_direct().empty());
  CHECK(f.reply().from == three);
}

TEST_CASE("replier: REQ-14, a direct answer is delivered once the first asker has it") {
  Fixture f({.node = three});
  f.ask(1, one, {.return_to = "tcp://asker"});
  f.finish(f.start());
  auto direct = f.core.take_direct();
  REQUIRE(direct.size() == 1);
  CHECK(direct[0].return_to == "tcp://asker");
  CHECK(direct[0].reply.from == three);
  CHECK(f.replies().empty());
  f.ask(1, two);
  CHECK(f.start().id == two);
  f.core.on_got(one, f.now);
  Reply reply = f.reply();
  CHECK(reply.kind == ReplyKind::delivered);
  CHECK(reply.output.empty());
}

TEST_CASE("replier: REQ-14, without `got` the answer walks back, and at once when it cannot go") {
  Fixture f;
  f.ask(1, one, {.return_to = "tcp://asker"});
  f.finish(f.start());
  f.now += 1s;
  CHECK(f.core.next_tick() == f.now);
  f.core.tick(f.now);
  CHECK(f.reply().output.view() == "done");
  f.core.on_got(one, f.now);
  CHECK(f.replies().empty());
  f.ask(1, two, {.return_to = "tcp://asker"});
  f.finish(f.start());
  f.core.on_undeliverable(two, f.now);
  CHECK(f.reply().kind == ReplyKind::exited);
}

TEST_CASE("replier: REQ-15, a bare program is answered, and told when the queue is full") {
  Fixture f({.queue = 1});
  CHECK(f.core.on_plain(7, Bytes::copy("bare"), f.now));
  CHECK(f.core.on_plain(8, Bytes::copy("bare"), f.now));
  CHECK_FALSE(f.core.on_plain(9, Bytes::copy("bare"), f.now));
  StartRun run = f.start();
  CHECK(run.deadline == never);
  f.finish(run);
  auto plain = f.core.take_plain();
  REQUIRE(plain.size() == 1);
  CHECK(plain[0].asker == 7);
  CHECK(plain[0].body.view() == "done");
}

TEST_CASE("replier: drains by finishing what it has begun and handing back the rest") {
  Fixture f;
  f.ask(1, one);
  f.ask(1, two);
  f.ask(1, three, {.notify = true});
  StartRun run = f.start();
  f.replies();
  f.core.drain(f.now);
  Reply back = f.reply();
  CHECK(back.id == two);
  CHECK(back.kind == ReplyKind::busy);
  f.ask(2, Id::of_name("four"));
  CHECK(f.reply().kind == ReplyKind::busy);
  f.finish(run);
  StartRun notified = f.start();
  CHECK(notified.id == three);
  f.finish(notified);
  CHECK_FALSE(f.core.finished());
  CHECK(f.replies().size() == 1);
  CHECK(f.core.finished());
}

TEST_CASE("replier: REQ-1, what an asker may not send is blamed on it") {
  Fixture f;
  f.core.on_message(1, Replies{{{.id = one}}}, f.now);
  f.core.on_message(2, Got{{one}}, f.now);
  CHECK(f.core.take_outbox().faults.size() == 2);
}

TEST_CASE("replier: replies of several events share a message, and bodies that wait are copied") {
  Fixture f;
  Bytes block = Bytes::copy("onetwothree");
  Requests message;
  message.requests = {
      {one, 1s, block.slice(0, 3)}, {two, 1s, block.slice(3, 3)}, {three, 1s, block.slice(6, 5)}};
  f.core.on_message(1, message, f.now);
  CHECK(f.core.take_outbox().envelopes.empty());  // the event is over
  std::vector<std::string> bodies;
  for (int i = 0; i < 3; ++i) {
    StartRun run = f.start();
    bodies.emplace_back(run.body.view());
    CHECK((run.body.owner() == block.owner()) == (i == 0));
    f.finish(run);
  }
  CHECK(bodies == std::vector<std::string>{"one", "two", "three"});
  auto outbox = f.core.take_outbox();
  CHECK(outbox.envelopes.size() == 1);
}
