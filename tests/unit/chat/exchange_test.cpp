#include <doctest/doctest.h>

#include <shoal/chat/exchange.hpp>

#include "make_post.hpp"

using namespace shoal;
using namespace shoal::chat;
using namespace std::chrono_literals;
using wire::chat::Have;

namespace {

const Time start{1h};
const Id self = Id::of_name("self");
const Id anna = Id::of_name("anna");
const Id bert = Id::of_name("bert");

struct Fixture {
  PostLog log{self, {}};
  Exchange exchange{log};

  void hold(const Id& author, std::uint64_t count, std::uint64_t clock_from = 1) {
    std::uint64_t next = log.next(author);
    for (std::uint64_t i = 0; i < count; ++i) log.add(make(author, next + i, clock_from + 2 * i));
  }

  void take(const Post& post, bool wait = false) {
    log.add(post);
    exchange.on_changed(post.author, start);
    exchange.offer(
        post, [&](PeerId) { return wait; }, start);
  }

  template <typename Message>
  std::vector<std::pair<PeerId, Message>> sent() {
    std::vector<std::pair<PeerId, Message>> all;
    for (auto& envelope : exchange.take_outbox().envelopes) {
      if (auto* message = std::get_if<Message>(&envelope.message)) {
        all.emplace_back(envelope.to, std::move(*message));
      }
    }
    return all;
  }

  /// A session whose other side has what `logs` says.
  void link(PeerId peer, wire::chat::Vector logs = {}) {
    exchange.on_up(peer);
    exchange.on_have(peer, {.all = true, .logs = std::move(logs)});
  }
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "exchange: CHAT-3, a session begins with the next of every author") {
  hold(anna, 3);
  hold(bert, 1);
  exchange.on_up(1);
  auto haves = sent<Have>();
  REQUIRE(haves.size() == 1);
  CHECK(haves[0].second.all);
  CHECK(haves[0].second.logs == wire::chat::Vector{{anna, 3}, {bert, 1}});
}

TEST_CASE_FIXTURE(Fixture, "exchange: CHAT-3, changes are told after 100 ms, or 64 posts") {
  exchange.on_up(1);
  exchange.take_outbox();
  take(make(anna, 0, 1));
  CHECK(exchange.next_tick() == start + 100ms);
  exchange.tick(start + 99ms);
  CHECK(sent<Have>().empty());
  exchange.tick(start + 100ms);
  auto haves = sent<Have>();
  REQUIRE(haves.size() == 1);
  CHECK_FALSE(haves[0].second.all);
  CHECK(haves[0].second.logs == wire::chat::Vector{{anna, 1}});
  CHECK(exchange.next_tick() == never);
  for (std::uint64_t i = 0; i < 64; ++i) take(make(bert, i, i + 1));
  CHECK(exchange.next_tick() == start);
}

TEST_CASE_FIXTURE(Fixture, "exchange: CHAT-4, the other side is sent what it lacks, in order") {
  hold(anna, 3, 1);
  hold(bert, 3, 2);
  link(1, {{anna, 1}});
  std::vector<std::uint64_t> clocks;
  for (const auto& [peer, post] : sent<Post>()) clocks.push_back(post.clock);
  CHECK(clocks == std::vector<std::uint64_t>{2, 3, 4, 5, 6});
}

TEST_CASE_FIXTURE(Fixture, "exchange: CHAT-4, at most 512 posts are on their way") {
  hold(anna, 1000);
  link(1);
  CHECK(sent<Post>().size() == 512);
  exchange.on_have(1, {.logs = {{anna, 100}}});
  CHECK(sent<Post>().size() == 100);
  exchange.on_have(1, {.logs = {{anna, 100}}});
  CHECK(sent<Post>().empty());
  exchange.on_have(1, {.logs = {{anna, 612}}});
  CHECK(sent<Post>().size() == 388);
}

TEST_CASE_FIXTURE(Fixture, "exchange: CHAT-4, from the oldest that is kept, which the post tells") {
  PostLog small(self, {.posts = 2});
  Exchange sender(small);
  for (std::uint64_t i = 0; i < 5; ++i) small.add(make(anna, i, i + 1));
  sender.on_up(1);
  sender.on_have(1, {.all = true, .logs = {{anna, 1}}});
  auto outbox = sender.take_outbox();
  REQUIRE(outbox.envelopes.size() == 3);
  const auto& post = std::get<Post>(outbox.envelopes[1].message);
  CHECK(post.seq == 3);
  CHECK(post.first == 3);
}

TEST_CASE_FIXTURE(Fixture, "exchange: CHAT-5, a post goes at once to those who lack it") {
  link(1);
  link(2, {{anna, 1}});
  exchange.on_up(3);  // has not told yet
  take(make(anna, 0, 1));
  auto posts = sent<Post>();
  REQUIRE(posts.size() == 1);
  CHECK(posts[0].first == 1);
  exchange.on_have(3, {.all = true});
  CHECK(sent<Post>().size() == 1);
}

TEST_CASE_FIXTURE(Fixture,
                  "exchange: CHAT-5, after a second to one who was to have it from the author") {
  link(1);
  link(2);
  take(make(anna, 0, 1), true);
  CHECK(sent<Post>().empty());
  exchange.on_have(1, {.logs = {{anna, 1}}});
  exchange.tick(start + 999ms);
  CHECK(sent<Post>().empty());
  exchange.tick(start + 1s);
  auto posts = sent<Post>();
  REQUIRE(posts.size() == 1);
  CHECK(posts[0].first == 2);
}

TEST_CASE_FIXTURE(Fixture, "exchange: what a peer tells of authors unknown here is bounded") {
  hold(anna, 1);
  link(1, {{anna, 1}});
  for (int part = 0; part < 2; ++part) {
    wire::chat::Vector strangers;
    for (int i = 0; i < 250'001; ++i) strangers.emplace(Id::random(), 1);
    exchange.on_have(1, {.logs = std::move(strangers)});
  }
  CHECK(exchange.take_outbox().faults.empty());
  exchange.offer(
      make(anna, 0, 1), [](PeerId) { return false; }, start);
  CHECK(sent<Post>().empty());  // that it has this one is still known
}

TEST_CASE_FIXTURE(Fixture, "exchange: CHAT-5, a post does not go back to where it came from") {
  link(1);
  link(2);
  exchange.on_sent_by(1, make(anna, 0, 1));
  take(make(anna, 0, 1));
  auto posts = sent<Post>();
  REQUIRE(posts.size() == 1);
  CHECK(posts[0].first == 2);
}
