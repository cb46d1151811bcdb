#include <map>
#include <random>
#include <set>
#include <string>

#include <doctest/doctest.h>

#include <shoal/stream/live_counter.hpp>

using namespace shoal;
using namespace shoal::stream;

namespace {

const Id alice = Id::of_name("alice");
const Id bob = Id::of_name("bob");

}  // namespace

TEST_CASE("live numbers: LIVE-2 each topic is counted from 0 on") {
  LiveNumbers numbers;
  CHECK(numbers.next("a") == 0);
  CHECK(numbers.next("a") == 1);
  CHECK(numbers.next("b") == 0);
  CHECK(numbers.next("a") == 2);
}

TEST_CASE("live numbers: LIVE-3 marks tell what has moved since the last") {
  LiveNumbers numbers;
  CHECK(numbers.moved().empty());
  numbers.next("a");
  numbers.next("a");
  numbers.next("b");
  CHECK_FALSE(numbers.moved().empty());
  CHECK((numbers.moved() == std::vector<wire::live::Total>{{"a", 2}, {"b", 1}}));
  numbers.mark();
  CHECK(numbers.moved().empty());
  numbers.next("b");
  CHECK((numbers.moved() == std::vector<wire::live::Total>{{"b", 2}}));
  CHECK(numbers.all().size() == 2);
}

TEST_CASE("live numbers: topics are bounded") {
  LiveNumbers numbers(3);
  for (const char* topic : {"a", "b", "c"}) {
    CHECK_FALSE(numbers.is_full_for(topic));
    numbers.next(topic);
  }
  CHECK(numbers.is_full_for("d"));
  CHECK_FALSE(numbers.is_full_for("a"));
  numbers.start_over();
  CHECK_FALSE(numbers.is_full_for("d"));
  CHECK(numbers.moved().empty());
  CHECK(numbers.next("a") == 0);
}

TEST_CASE("live gaps: LIVE-2 what is missing before a later number is counted") {
  LiveGaps gaps;
  CHECK(gaps.on_message(alice, 1, "t", 0).missing.count == 0);
  CHECK(gaps.on_message(alice, 1, "t", 1).missing.count == 0);
  CHECK((gaps.on_message(alice, 1, "t", 5).missing == SeqRange{2, 3}));
  CHECK(gaps.on_message(alice, 1, "t", 6).missing.count == 0);
  CHECK(gaps.missing() == 3);
}

TEST_CASE("live gaps: LIVE-2 who joins late has missed nothing") {
  LiveGaps gaps;
  CHECK(gaps.on_message(alice, 1, "t", 1000).missing.count == 0);
  CHECK(gaps.on_mark(alice, 1, "u", 1000).count == 0);
  CHECK((gaps.on_message(alice, 1, "u", 1001).missing == SeqRange{1000, 1}));
}

TEST_CASE("live gaps: LIVE-2 topics, publishers and incarnations are counted apart") {
  LiveGaps gaps;
  gaps.on_message(alice, 1, "t", 0);
  CHECK(gaps.on_message(alice, 1, "u", 7).missing.count == 0);
  CHECK(gaps.on_message(bob, 1, "t", 7).missing.count == 0);
  CHECK(gaps.on_message(alice, 2, "t", 7).missing.count == 0);
  CHECK(gaps.on_message(alice, 1, "t", 1).missing.count == 0);
  CHECK(gaps.missing() == 0);
  CHECK(gaps.repeated() == 0);
}

TEST_CASE("live gaps: LIVE-2 a number that was passed is no gap, and is told") {
  LiveGaps gaps;
  gaps.on_message(alice, 1, "t", 3);
  for (std::uint64_t seq : {3, 0, 2}) {
    Counted counted = gaps.on_message(alice, 1, "t", seq);
    CHECK(counted.repeated);
    CHECK(counted.missing.count == 0);
  }
  CHECK_FALSE(gaps.on_message(alice, 1, "t", 4).repeated);
  CHECK(gaps.repeated() == 3);
  CHECK(gaps.missing() == 0);
}

TEST_CASE("live gaps: LIVE-3 a mark shows what is missing at the end, once") {
  LiveGaps gaps;
  gaps.on_message(alice, 1, "t", 0);
  CHECK((gaps.on_mark(alice, 1, "t", 4) == SeqRange{1, 3}));
  CHECK(gaps.on_mark(alice, 1, "t", 4).count == 0);
  CHECK(gaps.on_mark(alice, 1, "t", 2).count == 0);
  CHECK(gaps.on_message(alice, 1, "t", 3).repeated);
  CHECK_FALSE(gaps.on_message(alice, 1, "t", 4).repeated);
  CHECK(gaps.missing() == 3);
}

TEST_CASE("live gaps: what is not heard of for long is forgotten, and new when it comes again") {
  LiveGaps gaps(100);
  gaps.on_message(alice, 1, "often", 0);
  gaps.on_message(alice, 1, "once", 0);
  for (std::uint64_t i = 0; i < 1000; ++i) {
    gaps.on_message(alice, 1, std::to_string(i), 0);
    CHECK_FALSE(gaps.on_message(alice, 1, "often", i + 1).repeated);
  }
  CHECK(gaps.on_message(alice, 1, "once", 0).repeated == false);
  CHECK((gaps.on_message(alice, 1, "often", 1002).missing == SeqRange{1001, 1}));
}

TEST_CASE("live gaps: all that was dropped on the way is told, as far as something came later") {
  for (unsigned seed = 0; seed < 300; ++seed) {
    CAPTURE(seed);
    std::mt19937 random(seed);
    auto below = [&](unsigned limit) { return static_cast<unsigned>(random() % limit); };
    LiveNumbers numbers;
    LiveGaps gaps;
    std::map<std::string, std::uint64_t> seen_next;  // of topics that have been seen
    std::uint64_t dropped = 0;
    std::uint64_t told = 0;
    const unsigned loss = below(90);
    auto tell = [&](const std::string& topic, std::uint64_t next, SeqRange missing) {
      auto [seen, is_new] = seen_next.try_emplace(topic, next);
      if (!is_new) dropped += next - seen->second;
      seen->second = next;
      told += missing.count;
    };
    for (int i = 0; i < 2000; ++i) {
      std::string topic(1, static_cast<char>('a' + below(8)));
      std::uint64_t seq = numbers.next(topic);
      if (below(100) < loss) continue;
      Counted counted = gaps.on_message(alice, seed, topic, seq);
      CHECK_FALSE(counted.repeated);
      CHECK((counted.missing.count == 0 || counted.missing.end() == seq));
      tell(topic, seq, counted.missing);
      seen_next[topic] = seq + 1;
      if (below(20) == 0) CHECK(gaps.on_message(alice, seed, topic, seq).repeated);
    }
    for (const wire::live::Total& total : numbers.all()) {
      tell(total.topic, total.next, gaps.on_mark(alice, seed, total.topic, total.next));
    }
    CHECK(told == dropped);
    CHECK(gaps.missing() == dropped);
  }
}
