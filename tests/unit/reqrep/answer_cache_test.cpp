#include <doctest/doctest.h>

#include <shoal/reqrep/answer_cache.hpp>

using namespace shoal;
using namespace shoal::reqrep;
using namespace std::chrono_literals;
using wire::reqrep::Reply;

namespace {

const Time start{};
const Id one = Id::of_name("one");
const Id two = Id::of_name("two");

Reply reply(const Id& id, std::string_view output) {
  return {.id = id, .output = Bytes::copy(output)};
}

}  // namespace

TEST_CASE("answer cache: keeps nothing unless it is given a time") {
  AnswerCache cache(0s, 1 << 20);
  CHECK_FALSE(cache.enabled());
  cache.keep(reply(one, "x"), 1, start);
  CHECK(cache.find(one) == nullptr);
  CHECK(cache.next_tick() == never);
}

TEST_CASE("answer cache: the first answer to an id stays until its time is over") {
  AnswerCache cache(10s, 1 << 20);
  cache.keep(reply(one, "first"), 1, start);
  cache.keep(reply(two, "of two"), 2, start + 5s);
  cache.keep(reply(one, "second"), 3, start + 9s);
  CHECK(cache.next_tick() == start + 10s);
  cache.tick(start + 10s - 1ns);
  REQUIRE(cache.find(one) != nullptr);
  CHECK(cache.find(one)->reply.output.view() == "first");
  CHECK(cache.find(one)->body_hash == 1);
  cache.tick(start + 10s);
  CHECK(cache.find(one) == nullptr);
  CHECK(cache.find(two) != nullptr);
}

TEST_CASE("answer cache: the oldest go when there is too much, and what never fits is not kept") {
  AnswerCache cache(10s, 4000);
  cache.keep(reply(one, std::string(2000, 'x')), 1, start);
  cache.keep(reply(two, std::string(2000, 'x')), 1, start);
  CHECK(cache.find(one) == nullptr);
  CHECK(cache.find(two) != nullptr);
  cache.keep(reply(one, std::string(4000, 'x')), 1, start);
  CHECK(cache.find(one) == nullptr);
  CHECK(cache.find(two) != nullptr);
}

TEST_CASE("answer cache: a piece of a large block does not keep all of it") {
  AnswerCache cache(10s, 1 << 20);
  Bytes block = Bytes::copy(std::string(1 << 20, 'x'));
  cache.keep({.id = one, .output = block.slice(0, 3), .error = block.slice(3, 3)}, 1, start);
  REQUIRE(cache.find(one) != nullptr);
  CHECK(cache.find(one)->reply.output.owner() != block.owner());
  CHECK(cache.find(one)->reply.error.owner() != block.owner());
}
