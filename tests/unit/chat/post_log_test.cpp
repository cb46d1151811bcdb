#include <doctest/doctest.h>

#include <shoal/chat/post_log.hpp>

#include "make_post.hpp"

using namespace shoal;
using namespace shoal::chat;
using Added = PostLog::Added;

namespace {

const Id self = Id::of_name("self");
const Id anna = Id::of_name("anna");
const Id bert = Id::of_name("bert");

std::vector<std::uint64_t> clocks(const std::vector<Post>& posts) {
  std::vector<std::uint64_t> all;
  for (const Post& post : posts) all.push_back(post.clock);
  return all;
}

using Clocks = std::vector<std::uint64_t>;

}  // namespace

TEST_CASE("post log: CHAT-2, posts stand in the order of clock, author and seq") {
  PostLog log(self, {});
  CHECK(log.add(make(bert, 0, 20)) == Added::kept);
  CHECK(log.add(make(anna, 0, 10, 0, "attic")) == Added::kept);
  CHECK(log.add(make(anna, 1, 30)) == Added::kept);
  CHECK(log.add(make(bert, 1, 30)) == Added::kept);
  CHECK(clocks(log.after({}, "", 9)) == Clocks{10, 20, 30, 30});
  CHECK(clocks(log.after(place_of(make(bert, 0, 20)), "", 1)) == Clocks{30});
  CHECK(clocks(log.after({}, "attic", 9)) == Clocks{10});
  CHECK(clocks(log.newest("lobby", 2)) == Clocks{30, 30});
  CHECK(clocks(log.newest("lobby", 9)) == Clocks{20, 30, 30});
  CHECK(log.newest("cellar", 9).empty());
  CHECK(log.latest_clock(25) == 20);
  CHECK(log.latest_clock(30) == 30);
  CHECK(log.latest_clock(9) == 0);
  CHECK(log.vector() == wire::chat::Vector{{anna, 2}, {bert, 2}});
}

TEST_CASE("post log: CHAT-2, a post follows its author's last one in seq and in clock") {
  PostLog log(self, {});
  CHECK(log.add(make(anna, 1, 10)) == Added::foreign);
  CHECK(log.add(make(anna, 0, 10)) == Added::kept);
  CHECK(log.add(make(anna, 0, 10)) == Added::held);
  CHECK(log.add(make(anna, 2, 30)) == Added::foreign);
  CHECK(log.add(make(anna, 1, 10)) == Added::foreign);
  CHECK(log.add(make(anna, 1, 11)) == Added::kept);
  CHECK(log.size() == 2);
}

TEST_CASE("post log: CHAT-4, what comes after a gap takes the place of what was before it") {
  PostLog log(self, {});
  log.add(make(anna, 0, 10));
  log.add(make(bert, 0, 15));
  CHECK(log.add(make(anna, 5, 50, 5)) == Added::kept);
  CHECK(log.first(anna) == 5);
  CHECK(log.next(anna) == 6);
  CHECK(log.find(anna, 0) == nullptr);
  CHECK(clocks(log.after({}, "", 9)) == Clocks{15, 50});
}

TEST_CASE(
    "post log: CHAT-4, the oldest of all go first, and are passed over when they come again") {
  PostLog log(self, {.posts = 3});
  log.add(make(anna, 0, 10));
  log.add(make(bert, 0, 5));
  log.add(make(anna, 1, 20));
  log.add(make(anna, 2, 30));
  CHECK(clocks(log.after({}, "", 9)) == Clocks{10, 20, 30});
  CHECK(log.first(bert) == 1);
  CHECK(log.next(bert) == 1);
  CHECK(log.add(make(bert, 0, 5)) == Added::held);
  log.add(make(anna, 3, 40));
  CHECK(log.add(make(self, 0, 7)) == Added::passed);
  CHECK(log.next(self) == 1);
  CHECK(clocks(log.after({}, "", 9)) == Clocks{20, 30, 40});
}

TEST_CASE("post log: octets are bounded, and the newest post stays") {
  PostLog log(self, {.bytes = 10'000});
  for (std::uint64_t i = 0; i < 100; ++i) log.add(make(anna, i, i + 1));
  CHECK(log.bytes() <= 10'000);
  CHECK(log.next(anna) == 100);
  PostLog tiny(self, {.bytes = 1});
  tiny.add(make(anna, 0, 1));
  tiny.add(make(anna, 1, 2));
  CHECK(tiny.size() == 1);
}

TEST_CASE("post log: authors whose posts are gone are forgotten, but for ourselves") {
  PostLog log(self, {.posts = 1, .authors = 10});
  log.add(make(self, 0, 1));
  for (std::uint64_t i = 0; i < 100; ++i) {
    log.add(make(Id::of_name(std::to_string(i)), 0, 10 + i));
  }
  CHECK(log.authors() <= 12);
  CHECK(log.next(self) == 1);
  CHECK(log.last_clock(self) == 1);
  // One of them goes on where its peers know that we were.
  CHECK(log.add(make(Id::of_name("0"), 1, 200)) == Added::kept);
}

TEST_CASE("post log: what a store kept comes back, over gaps too") {
  PostLog log(self, {});
  log.restore(make(anna, 3, 10));
  log.restore(make(anna, 4, 20));
  log.restore(make(anna, 9, 30));
  CHECK(log.first(anna) == 9);
  CHECK(log.add(make(anna, 10, 40)) == Added::kept);
}

TEST_CASE(
    "post log: what somebody lacks is told by authors, so that what came late is not missed") {
  PostLog log(self, {});
  for (std::uint64_t i = 0; i < 5; ++i) log.add(make(anna, i, 10 * (i + 1)));
  log.add(make(bert, 0, 5));
  log.add(make(bert, 1, 25, 0, "attic"));
  CHECK(clocks(log.lacking({}, "", 9)) == Clocks{5, 10, 20, 25, 30, 40, 50});
  CHECK(clocks(log.lacking({{anna, 4}}, "", 9)) == Clocks{5, 25, 50});
  CHECK(clocks(log.lacking({{anna, 4}}, "lobby", 9)) == Clocks{5, 50});
  CHECK(clocks(log.lacking({{anna, 1}, {bert, 2}}, "", 2)) == Clocks{40, 50});
  CHECK(log.lacking({{anna, 99}, {bert, 2}}, "", 9).empty());
}
