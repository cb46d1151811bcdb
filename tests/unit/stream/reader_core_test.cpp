#include <shoal/stream/reader_core.hpp>

#include "support.hpp"

using namespace shoal;
using namespace shoal::stream;
using namespace shoal::test;
using namespace std::chrono_literals;
using wire::stream::More;
using wire::stream::Read;
using wire::stream::Records;
using wire::stream::Stream;
using wire::stream::Trimmed;

namespace {

const Id one = Id::of_name("one");
const Id two = Id::of_name("two");
const std::size_t record_size = record_bytes(0).size();

Records records(std::uint64_t reading, Offset first, Offset next) {
  std::string body;
  for (Offset at = first; at < next; ++at) body += record_bytes(at);
  return {reading, first, next, next - first, Bytes::take(std::move(body))};
}

struct Fixture {
  explicit Fixture(ReaderCoreOptions options = {}) : core(std::move(options)) {}

  ReaderCore core;
  Time now = begin;

  void say(PeerId peer, wire::stream::Any message) {
    core.on_message(peer, std::move(message), now);
  }

  /// A session that has told its stream; the reading asked for, if it was.
  std::optional<Read> meet(PeerId peer, Offset head = 10, std::uint64_t epoch = 1, Id id = one) {
    core.on_up(peer);
    say(peer, Stream{.stream = id, .epoch = epoch, .head = head});
    auto asked = posted<Read>(core.take_outbox());
    return asked.empty() ? std::nullopt : std::optional(asked.back());
  }

  void answer(PeerId peer, const Read& read, Offset from, Offset head = 10, Id id = one) {
    say(peer, Stream{.stream = id,
                     .epoch = 1,
                     .head = head,
                     .reading = read.reading,
                     .from = from,
                     .next = from});
  }

  /// A reading under way from offset 0, its first delivery taken.
  void begin_reading(Offset head = 10) {
    answer(1, *meet(1, head), 0, head);
    take_all();
    core.take_outbox();
  }

  std::vector<Delivery> take_all() {
    std::vector<Delivery> all = core.take_deliveries();
    for (const Delivery& delivery : all) core.on_taken(delivery, now);
    return all;
  }

  std::string blamed() {
    Outbox out = core.take_outbox();
    return out.faults.empty() ? "" : out.faults[0].reason;
  }
};

}  // namespace

TEST_CASE("reader core: STR-2, asks once it knows the stream, and tells where its reading began") {
  Fixture f({.from = {Position::Kind::last, 3}, .topics = {.patterns = {"t"}}, .window = 1000});
  f.core.on_up(1);
  CHECK(f.core.take_outbox().envelopes.empty());
  auto read = f.meet(1);
  REQUIRE(read);
  CHECK(read->from.kind == Position::Kind::last);
  CHECK(read->topics.patterns == std::vector<std::string>{"t"});
  CHECK(read->credit == 1000);
  f.answer(1, *read, 7);
  auto deliveries = f.core.take_deliveries();
  REQUIRE(deliveries.size() == 1);
  CHECK(deliveries[0].first == 7);
  CHECK(deliveries[0].next == 7);
  CHECK(f.core.cursors().at(one).next == 7);
  auto told = posted<More>(f.core.take_outbox());
  REQUIRE(told.size() == 1);
  CHECK(told[0].next == 7);
}

TEST_CASE("reader core: STR-8, begins at its cursor") {
  Fixture f({.from = {Position::Kind::beginning, 0}, .cursors = {{one, {1, 6}}}});
  auto read = f.meet(1);
  REQUIRE(read);
  CHECK(read->from.kind == Position::Kind::offset);
  CHECK(read->from.value == 6);
  auto other = f.meet(2, 10, 1, two);
  REQUIRE(other);
  CHECK(other->from.kind == Position::Kind::beginning);
}

TEST_CASE("reader core: STR-2, delivers in order, each offset once") {
  Fixture f;
  f.begin_reading();
  f.say(1, records(1, 0, 3));
  f.say(1, records(1, 0, 3));
  f.say(1, records(1, 5, 6));
  f.say(1, records(1, 3, 5));
  auto deliveries = f.take_all();
  REQUIRE(deliveries.size() == 2);
  CHECK(deliveries[0].next == 3);
  CHECK(deliveries[1].first == 3);
  CHECK(deliveries[1].count == 2);
  CHECK(f.core.received() == 5);
  CHECK(f.core.cursors().at(one).next == 5);
  CHECK(f.blamed() == "");
}

TEST_CASE("reader core: what belongs to another reading, or to none, is not delivered") {
  Fixture f;
  f.core.on_up(1);
  f.say(1, records(1, 0, 3));
  auto read = f.meet(1);
  f.say(1, records(1, 0, 3));
  CHECK(f.core.take_deliveries().empty());
  f.answer(1, *read, 0);
  f.take_all();
  f.say(1, records(2, 0, 3));
  f.say(7, records(1, 0, 3));
  CHECK(f.core.take_deliveries().empty());
}

TEST_CASE("reader core: STR-3, credit comes back when a delivery is taken, not before") {
  Fixture f({.window = 4 * record_size});
  f.begin_reading();
  f.say(1, records(1, 0, 4));
  auto deliveries = f.core.take_deliveries();
  f.now += 10s;
  f.core.tick(f.now);
  auto told = posted<More>(f.core.take_outbox());
  REQUIRE(told.size() == 1);
  CHECK(told[0].credit == 4 * record_size);
  CHECK(told[0].next == 0);
  f.core.on_taken(deliveries[0], f.now);
  told = posted<More>(f.core.take_outbox());
  REQUIRE(told.size() == 1);
  CHECK(told[0].credit == 8 * record_size);
  CHECK(told[0].next == 4);
}

TEST_CASE("reader core: STR-3, a record larger than the window does not stop the reading") {
  Fixture f({.window = 1});
  f.begin_reading();
  f.say(1, records(1, 0, 1));
  f.take_all();
  auto told = posted<More>(f.core.take_outbox());
  REQUIRE(told.size() == 1);
  CHECK(told[0].credit == record_size + 1);
}

TEST_CASE("reader core: STR-3, untaken deliveries of an earlier session count") {
  Fixture f({.window = 4 * record_size});
  f.begin_reading();
  f.say(1, records(1, 0, 3));
  f.core.on_down(1);
  auto read = f.meet(2);
  REQUIRE(read);
  CHECK(read->from.value == 3);
  CHECK(read->credit == record_size);
}

TEST_CASE("reader core: STR-5, what is gone is delivered as gone") {
  Fixture f;
  f.begin_reading();
  f.say(1, Trimmed{1, 0, 4});
  f.say(1, Trimmed{1, 2, 4});
  f.say(1, records(1, 4, 5));
  auto deliveries = f.take_all();
  REQUIRE(deliveries.size() == 2);
  CHECK(deliveries[0].trimmed);
  CHECK(deliveries[0].next == 4);
  CHECK_FALSE(deliveries[1].trimmed);
  CHECK(f.core.trimmed() == 4);
}

TEST_CASE("reader core: STR-6, reads again when something sent does not come") {
  Fixture f;
  f.begin_reading();
  f.say(1, records(1, 0, 2));
  f.take_all();
  f.core.take_outbox();
  auto said = [&] {
    f.say(1, Stream{.stream = one, .epoch = 1, .head = 10, .reading = 1, .from = 0, .next = 5});
  };
  said();
  CHECK(posted<Read>(f.core.take_outbox()).empty());
  CHECK(f.core.next_tick() <= f.now + 1s);
  f.now += 400ms;
  f.core.tick(f.now);
  CHECK(posted<Read>(f.core.take_outbox()).empty());
  said();
  f.now += 400ms;
  f.core.tick(f.now);
  auto read = posted<Read>(f.core.take_outbox());
  REQUIRE(read.size() == 1);
  CHECK(read[0].reading == 2);
  CHECK(read[0].from.value == 2);
}

TEST_CASE("reader core: STR-6, asks again when there is no answer") {
  Fixture f;
  auto read = f.meet(1);
  f.now = f.core.next_tick();
  f.core.tick(f.now);
  auto again = posted<Read>(f.core.take_outbox());
  REQUIRE(again.size() == 1);
  CHECK(again[0].reading == read->reading + 1);
}

TEST_CASE("reader core: STR-7, tells at least every second what it has, and at the end at once") {
  Fixture f;
  f.begin_reading(2);
  Time last = f.now;
  for (int i = 0; i < 5; ++i) {
    f.now = f.core.next_tick();
    CHECK(f.now <= last + 1s);
    last = f.now;
    f.core.tick(f.now);
    CHECK(posted<More>(f.core.take_outbox()).size() == 1);
  }
  f.say(1, records(1, 0, 2));
  f.take_all();
  CHECK(posted<More>(f.core.take_outbox()).empty());
  f.say(
      1,
      Stream{
          .stream = one, .epoch = 1, .head = 2, .reading = 1, .from = 0, .next = 2, .ended = true});
  auto told = posted<More>(f.core.take_outbox());
  REQUIRE(told.size() == 1);
  CHECK(told[0].next == 2);
}

TEST_CASE("reader core: STR-8, goes on where it stands when the publisher was started again") {
  Fixture f;
  f.begin_reading();
  f.say(1, records(1, 0, 4));
  f.core.on_down(1);
  auto read = f.meet(2, 12, 2);
  REQUIRE(read);
  CHECK(read->from.kind == Position::Kind::offset);
  CHECK(read->from.value == 4);
  f.answer(2, *read, 4, 12);
  f.say(2, records(read->reading, 4, 5));
  auto deliveries = f.take_all();
  REQUIRE(deliveries.size() == 2);
  CHECK(deliveries[1].epoch == 2);
  CHECK(f.core.cursors().at(one).epoch == 2);
}

TEST_CASE("reader core: STR-8, a successor takes over though the dead session still lasts") {
  Fixture f;
  f.begin_reading();
  auto read = f.meet(2, 10, 2);
  REQUIRE(read);
  f.say(1, records(1, 0, 2));
  CHECK(f.core.take_deliveries().empty());
  f.say(1, Stream{.stream = one, .epoch = 1, .head = 10});
  CHECK(f.core.refusal() == "");
  f.core.on_down(1);
  f.answer(2, *read, 0);
  f.say(2, records(read->reading, 0, 2));
  CHECK(f.take_all().size() == 1);
}

TEST_CASE("reader core: STR-8, a log that was set back is refused") {
  Fixture shorter({.cursors = {{one, {3, 6}}}});
  CHECK_FALSE(shorter.meet(1, 5, 4));
  CHECK(shorter.core.refusal().find("ends at offset 5") != std::string::npos);
  CHECK(shorter.core.refusal().find("remove the cursor") != std::string::npos);
  Fixture older({.cursors = {{one, {3, 6}}}});
  CHECK_FALSE(older.meet(1, 9, 2));
  CHECK(older.core.refusal().find("is in epoch 2, and was read in epoch 3") != std::string::npos);
  Fixture same({.cursors = {{one, {3, 6}}}});
  CHECK(same.meet(1, 6, 3));
  CHECK(same.core.refusal() == "");
}

TEST_CASE("reader core: STR-8, a log that was set back and has grown again is refused") {
  for (std::uint64_t before : {2, 3, 4}) {
    Fixture f({.cursors = {{one, {3, 6}}}});
    auto read = f.meet(1, 20, 5);
    REQUIRE(read);
    f.say(1, Stream{.stream = one,
                    .epoch = 5,
                    .head = 20,
                    .reading = read->reading,
                    .from = 6,
                    .next = 6,
                    .before = before});
    f.say(1, records(read->reading, 6, 7));
    CHECK(f.core.refusal().empty() == (before <= 3));
    CHECK(f.core.take_deliveries().size() == (before <= 3 ? 1 : 0));
    if (before <= 3) continue;
    CHECK(f.core.refusal().find("written anew before offset 6") != std::string::npos);
    CHECK(f.core.refusal().find("remove the cursor") != std::string::npos);
  }
}

TEST_CASE("reader core: STR-8, whatever brings a reader to its place tells the epoch of that") {
  Fixture f({.from = {Position::Kind::end, 0}, .topics = {.patterns = {"nothing"}}});
  std::uint64_t reading = 0;
  auto meet_again = [&](PeerId peer, std::uint64_t epoch, std::uint64_t before, Offset next) {
    auto read = f.meet(peer, 20, epoch);
    REQUIRE(read);
    reading = read->reading;
    f.say(peer, Stream{.stream = one,
                       .epoch = epoch,
                       .head = 20,
                       .reading = reading,
                       .from = next,
                       .next = next,
                       .before = before});
    CHECK(f.core.refusal() == "");
  };
  meet_again(1, 2, 2, 10);  // it began there
  f.core.on_down(1);
  meet_again(2, 4, 2, 10);
  f.say(2, Records{reading, 10, 12, 0, {}});  // nothing wanted
  f.core.on_down(2);
  meet_again(3, 6, 4, 12);
  f.say(3, Trimmed{reading, 12, 15});
  f.core.on_down(3);
  meet_again(4, 7, 6, 15);
}

TEST_CASE("reader core: the end of a log that was set back is the one it has now") {
  Fixture f;
  f.begin_reading(10);
  f.say(1, records(1, 0, 6));
  f.take_all();
  f.core.on_down(1);
  f.answer(2, *f.meet(2, 8, 2), 6, 8);
  CHECK_FALSE(f.core.at_end());
  f.say(2, records(2, 6, 8));
  f.take_all();
  CHECK(f.core.at_end());
}

TEST_CASE("reader core: STR-8, another log in the place of one that was read is refused") {
  Fixture f({.cursors = {{one, {1, 6}}}, .streams = 1});
  CHECK_FALSE(f.meet(1, 10, 1, two));
  CHECK(f.core.refusal().find("made anew") != std::string::npos);
  Fixture more({.cursors = {{one, {1, 6}}}, .streams = 2});
  CHECK(more.meet(1, 10, 1, two));
}

TEST_CASE("reader core: waits for an offset that is still to come, over sessions too") {
  Fixture f({.from = {Position::Kind::offset, 100}});
  f.answer(1, *f.meet(1), 100);
  CHECK(f.core.take_deliveries().empty());
  CHECK(f.core.cursors().empty());
  CHECK(f.core.at_end());
  REQUIRE(f.core.ahead());
  CHECK(f.core.ahead()->from == 100);
  CHECK(f.core.ahead()->head == 10);
  f.core.on_down(1);
  auto read = f.meet(2, 20);
  REQUIRE(read);
  CHECK(read->from.value == 100);
  CHECK(f.core.refusal() == "");
  f.answer(2, *read, 100, 20);
  f.say(2, records(read->reading, 100, 101));
  CHECK(f.take_all().size() == 1);
  CHECK(f.core.cursors().at(one).next == 101);
  CHECK_FALSE(f.core.ahead());
}

TEST_CASE("reader core: STR-10, goes on below `until` as it began") {
  Fixture f({.from = {Position::Kind::last_of_topic, 0}});
  auto read = f.meet(1);
  f.say(1, Stream{.stream = one,
                  .epoch = 1,
                  .head = 10,
                  .reading = read->reading,
                  .from = 0,
                  .next = 0,
                  .until = 10});
  f.say(1, Records{read->reading, 0, 4, 1, Bytes::copy(record_bytes(3))});
  CHECK(f.take_all().size() == 2);
  f.core.on_down(1);
  auto again = f.meet(2, 12);
  REQUIRE(again);
  CHECK(again->from.value == 4);
  CHECK(again->until == 10);
}

TEST_CASE("reader core: at the end when each stream is taken up to the head met first") {
  Fixture f;
  CHECK_FALSE(f.core.at_end());
  f.begin_reading(2);
  CHECK_FALSE(f.core.at_end());
  f.say(1, records(1, 0, 2));
  CHECK_FALSE(f.core.at_end());
  f.take_all();
  CHECK(f.core.at_end());
  f.core.on_up(2);
  CHECK_FALSE(f.core.at_end());
  f.answer(2, *f.meet(2, 1, 1, two), 1, 1, two);
  CHECK(f.core.at_end());
}

TEST_CASE("reader core: STR-1, what breaks the protocol is blamed and not delivered") {
  auto blame_for = [](wire::stream::Any message, std::uint64_t window = 1 << 20) {
    Fixture f({.window = window});
    f.begin_reading();
    f.say(1, std::move(message));
    CHECK(f.core.take_deliveries().empty());
    return f.blamed();
  };
  Records good = records(1, 0, 3);
  CHECK(blame_for(More{1, 1, 1}).find("does not send") != std::string::npos);
  CHECK(blame_for(Stream{.stream = two, .head = 1}).find("changed") != std::string::npos);
  CHECK(blame_for(Records{1, 0, 4, 3, good.body}).find("left out") != std::string::npos);
  CHECK(blame_for(Records{1, 0, 2, 2, good.body}).find("out of place") != std::string::npos);
  CHECK(blame_for(Records{1, 0, 3, 2, good.body}).find("3 records as 2") != std::string::npos);
  CHECK(blame_for(good, 0).find("more than it was asked") != std::string::npos);
  Bytes backwards = Bytes::copy(record_bytes(1) + record_bytes(0));
  CHECK(blame_for(Records{1, 0, 2, 2, backwards}).find("out of place") != std::string::npos);
  for (std::size_t at = 0; at < good.body.size(); ++at) {
    std::string damaged(good.body.view());
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    CHECK(blame_for(Records{1, 0, 3, 3, Bytes::copy(damaged)}) != "");
    CHECK(blame_for(Records{1, 0, 3, 3, good.body.slice(0, at)}) != "");
  }
}

TEST_CASE("reader core: STR-1, a reading that begins elsewhere than asked is blamed") {
  Fixture f({.cursors = {{one, {1, 6}}}});
  auto read = f.meet(1);
  f.answer(1, *read, 7);
  CHECK(f.blamed().find("begins elsewhere") != std::string::npos);
}
