#include <algorithm>

#include <shoal/stream/writer_core.hpp>

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

/// A log of records with topics; those below `kept` are trimmed.
class FakeLog : public LogView {
 public:
  Offset first() const override { return kept; }
  Offset head() const override { return topics.size(); }
  std::uint64_t epoch_before(Offset offset) const override { return offset == 0 ? 0 : 3; }
  Offset find(const Position& from) override {
    asked = from;
    if (from.kind == Position::Kind::offset) return from.value;
    return from.kind == Position::Kind::end ? head() : kept;
  }
  Chunk read(Offset from, Offset until, std::size_t bytes, const TopicFilter& filter) override {
    if (from < kept) return {.next = kept, .gone = true};
    if (from == hole) return {.next = from + 1, .gone = true};
    Chunk chunk{.next = from};
    std::string body;
    std::size_t looked = 0;
    for (; chunk.next < until && looked < bytes && chunk.next != hole; ++chunk.next) {
      std::string record = record_bytes(chunk.next, topics[chunk.next]);
      looked += record.size();
      if (!filter.matches(topics[chunk.next])) continue;
      body += record;
      ++chunk.count;
    }
    chunk.body = Bytes::take(std::move(body));
    return chunk;
  }
  std::vector<Offset> last_of_topics(Offset from, Offset until,
                                     const TopicFilter& filter) override {
    std::vector<Offset> lasts;
    for (Offset at = from; at < until; ++at) {
      auto later = topics.begin() + static_cast<std::ptrdiff_t>(at) + 1;
      auto end = topics.begin() + static_cast<std::ptrdiff_t>(until);
      bool last = std::find(later, end, topics[at]) == end;
      if (at == hole || (last && filter.matches(topics[at]))) lasts.push_back(at);
    }
    return lasts;
  }

  std::vector<std::string> topics;
  Offset kept = 0;
  Offset hole = ~Offset{0};
  Position asked;
};

const std::size_t record_size = record_bytes(0, "a").size();

struct Fixture {
  FakeLog log;
  WriterCore core{{.stream = Id::of_name("stream"), .epoch = 4, .batch_bytes = 3 * record_size},
                  log};
  Time now = begin;
  Outbox out;

  Fixture() { log.topics.assign(10, "a"); }

  void up(PeerId peer) { core.on_up(peer, now); }
  void say(PeerId peer, wire::stream::Any message) {
    core.on_message(peer, std::move(message), now);
  }
  void read(Read message) { say(1, std::move(message)); }

  /// Everything that can be sent now, to peer 1.
  std::vector<Records> pump() {
    while (core.pump(now)) {
    }
    out = core.take_outbox();
    return posted<Records>(out);
  }
};

Read from_beginning(std::uint64_t credit = 1'000'000) {
  return {.reading = 1, .from = {Position::Kind::beginning, 0}, .credit = credit};
}

}  // namespace

TEST_CASE("writer core: STR-2, a session begins with the stream's name") {
  Fixture f;
  f.up(1);
  auto said = posted<Stream>(f.core.take_outbox());
  REQUIRE(said.size() == 1);
  CHECK(said[0].stream == Id::of_name("stream"));
  CHECK(said[0].epoch == 4);
  CHECK(said[0].head == 10);
  CHECK(said[0].reading == 0);
  CHECK(f.core.readers() == 0);
}

TEST_CASE("writer core: STR-2, a reading joins without a gap up to the head, and then waits") {
  Fixture f;
  f.up(1);
  f.core.take_outbox();
  f.read(from_beginning());
  auto records = f.pump();
  auto said = posted<Stream>(f.out);
  REQUIRE(said.size() == 1);
  CHECK(said[0].reading == 1);
  CHECK(said[0].from == 0);
  REQUIRE(records.size() == 4);
  Offset at = 0;
  for (const Records& message : records) {
    CHECK(message.first == at);
    CHECK(message.count == message.next - message.first);
    at = message.next;
  }
  CHECK(at == 10);
  CHECK(f.core.sent() == 10);
  CHECK(f.pump().empty());
  f.log.topics.emplace_back("a");
  records = f.pump();
  REQUIRE(records.size() == 1);
  CHECK(records[0].first == 10);
}

TEST_CASE("writer core: STR-8, a reading is told in what epoch the record before it was written") {
  Fixture f;
  f.up(1);
  CHECK(posted<Stream>(f.core.take_outbox()).at(0).before == 0);
  f.read({.reading = 1, .from = {Position::Kind::offset, 5}, .credit = 1'000});
  CHECK(posted<Stream>(f.core.take_outbox()).at(0).before == 3);
  f.read({.reading = 2, .from = {Position::Kind::offset, 0}, .credit = 1'000});
  CHECK(posted<Stream>(f.core.take_outbox()).at(0).before == 0);
}

TEST_CASE("writer core: STR-7, knows up to where a reader has taken everything") {
  Fixture f;
  f.up(1);
  CHECK_FALSE(f.core.taken(1));
  f.read(from_beginning());
  CHECK(f.core.taken(1) == 0);
  f.say(1, More{.reading = 1, .credit = 1'000'000, .next = 7});
  CHECK(f.core.taken(1) == 7);
  f.core.on_down(1);
  CHECK_FALSE(f.core.taken(1));
}

TEST_CASE("writer core: STR-2, a new reading ends the one before, an old one changes nothing") {
  Fixture f;
  f.up(1);
  f.read({.reading = 2, .from = {Position::Kind::offset, 7}, .credit = 1'000});
  f.read(from_beginning());
  auto records = f.pump();
  REQUIRE(records.size() == 1);
  CHECK(records[0].reading == 2);
  CHECK(records[0].first == 7);
  f.read({.reading = 3, .from = {Position::Kind::offset, 9}, .credit = 1'000});
  records = f.pump();
  REQUIRE(records.size() == 1);
  CHECK(records[0].reading == 3);
  CHECK(records[0].first == 9);
}

TEST_CASE("writer core: STR-3, nothing is sent beyond the credit but the end of a message") {
  Fixture f;
  f.up(1);
  f.read(from_beginning(1));
  CHECK(f.pump().size() == 1);
  f.say(1, More{1, 3 * record_size, 0});
  CHECK(f.pump().empty());
  f.say(1, More{2, 1'000'000, 0});
  CHECK(f.pump().empty());
  f.say(1, More{1, 3 * record_size + 1, 0});
  CHECK(f.pump().size() == 1);
  f.say(1, More{1, 2, 0});
  CHECK(f.pump().empty());
}

TEST_CASE("writer core: one reader's turn ends, and nobody waits for one without credit") {
  Fixture f;
  f.log.topics.assign(100, "a");
  for (PeerId peer : {1, 2, 3}) {
    f.up(peer);
    f.say(peer, from_beginning(peer == 2 ? 0 : 1'000'000));
  }
  f.core.take_outbox();
  REQUIRE(f.core.pump(f.now));
  std::map<PeerId, int> counts;
  for (const auto& envelope : f.core.take_outbox().envelopes) ++counts[envelope.to];
  CHECK(counts[1] == 4);
  CHECK(counts[2] == 0);
  CHECK(counts[3] == 4);
}

TEST_CASE("writer core: STR-2, STR-6, what patterns leave out is covered within a while") {
  Fixture f;
  f.log.topics = {"b", "b", "a", "b", "b", "b", "b"};
  f.up(1);
  Read read = from_beginning();
  read.topics.patterns = {"a"};
  f.read(read);
  auto records = f.pump();
  REQUIRE(records.size() == 2);
  CHECK(records[0].first == 0);
  CHECK(records[0].count == 1);
  CHECK(records[1].next == 7);
  CHECK(records[1].count == 0);
  f.log.topics.emplace_back("b");
  CHECK(f.pump().empty());
  CHECK(f.core.next_tick() <= f.now + 1s);
  f.now = f.core.next_tick();
  f.core.tick(f.now);
  records = posted<Records>(f.core.take_outbox());
  REQUIRE(records.size() == 1);
  CHECK(records[0].next == 8);
}

TEST_CASE("writer core: STR-5, what retention took is said, and the reading goes on behind it") {
  Fixture f;
  f.log.kept = 4;
  f.up(1);
  f.read({.reading = 1, .from = {Position::Kind::offset, 1}, .credit = 1'000'000});
  auto records = f.pump();
  auto trimmed = posted<Trimmed>(f.out);
  REQUIRE(trimmed.size() == 1);
  CHECK(trimmed[0].first == 1);
  CHECK(trimmed[0].next == 4);
  REQUIRE(!records.empty());
  CHECK(records[0].first == 4);
}

TEST_CASE("writer core: STR-5, a hole in the log is said, with what comes before it covered") {
  Fixture f;
  f.log.topics = {"a", "b", "b", "a"};
  f.log.hole = 2;
  f.up(1);
  Read read = from_beginning();
  read.topics.patterns = {"a"};
  f.read(read);
  auto records = f.pump();
  auto trimmed = posted<Trimmed>(f.out);
  REQUIRE(trimmed.size() == 1);
  CHECK(trimmed[0].first == 2);
  CHECK(trimmed[0].next == 3);
  REQUIRE(records.size() == 2);
  CHECK(records[0].next == 2);
  CHECK(records[1].first == 3);
}

TEST_CASE("writer core: STR-6, every session hears of the stream each second") {
  Fixture f;
  f.up(1);
  f.up(2);
  f.read(from_beginning());
  f.pump();
  Time last = f.now;
  for (int i = 0; i < 10; ++i) {
    f.now = f.core.next_tick();
    CHECK(f.now <= last + 1s);
    last = f.now;
    f.core.tick(f.now);
    auto said = posted<Stream>(f.core.take_outbox());
    REQUIRE(said.size() == 2);
    CHECK(said[0].next == 10);
    CHECK(said[1].reading == 0);
  }
}

TEST_CASE("writer core: STR-7, the end is said at once, and waits for what is taken for good") {
  Fixture f;
  CHECK(f.core.all_have_all());
  f.up(1);
  CHECK_FALSE(f.core.all_have_all());
  f.read(from_beginning());
  f.pump();
  f.core.end(f.now);
  auto said = posted<Stream>(f.core.take_outbox());
  REQUIRE(said.size() == 1);
  CHECK(said[0].ended);
  CHECK_FALSE(f.core.all_have_all());
  f.say(1, More{1, 1'000'000, 9});
  CHECK_FALSE(f.core.all_have_all());
  f.say(1, More{1, 1'000'000, 10});
  CHECK(f.core.all_have_all());
  f.up(2);
  CHECK_FALSE(f.core.all_have_all());
  f.now += 6s;
  f.core.tick(f.now);
  CHECK(f.core.all_have_all());
}

TEST_CASE("writer core: STR-7, a reader that is gone is not waited for") {
  Fixture f;
  f.up(1);
  f.read(from_beginning());
  CHECK_FALSE(f.core.all_have_all());
  f.core.on_down(1);
  CHECK(f.core.all_have_all());
  CHECK(f.pump().empty());
}

TEST_CASE("writer core: STR-10, the last record of each topic, then what follows") {
  Fixture f;
  f.log.topics = {"a", "b", "a", "c", "b", "a"};
  f.up(1);
  f.read({.reading = 1, .from = {Position::Kind::last_of_topic, 0}, .credit = 1'000'000});
  f.log.topics.emplace_back("a");
  std::string sent;
  Offset at = 0;
  for (const Records& message : f.pump()) {
    CHECK(message.first == at);
    at = message.next;
    sent += message.body.view();
  }
  CHECK(posted<Stream>(f.out).back().until == 6);
  CHECK(at == 7);
  CHECK(sent ==
        record_bytes(3, "c") + record_bytes(4, "b") + record_bytes(5, "a") + record_bytes(6, "a"));
}

TEST_CASE(
    "writer core: STR-10, a reader that goes on below `until` gets the last ones from there") {
  Fixture f;
  f.log.topics = {"a", "b", "a", "b"};
  f.up(1);
  f.read({.reading = 5, .from = {Position::Kind::offset, 2}, .until = 4, .credit = 1'000'000});
  auto records = f.pump();
  REQUIRE(records.size() == 1);
  CHECK(records[0].first == 2);
  CHECK(records[0].next == 4);
  CHECK(records[0].count == 2);
}

TEST_CASE("writer core: STR-5, STR-10, a hole among the last records of topics is said") {
  Fixture f;
  f.log.topics = {"a", "b", "b", "c", "a"};
  f.log.hole = 3;
  f.up(1);
  f.read({.reading = 1, .from = {Position::Kind::last_of_topic, 0}, .credit = 1'000'000});
  auto records = f.pump();
  auto trimmed = posted<Trimmed>(f.out);
  REQUIRE(trimmed.size() == 1);
  CHECK(trimmed[0].first == 3);
  CHECK(trimmed[0].next == 4);
  REQUIRE(records.size() == 2);
  CHECK(records[0].next == 3);
  CHECK(records[1].next == 5);
}

TEST_CASE("writer core: STR-10, a last record that retention takes meanwhile is said to be gone") {
  Fixture f;
  f.log.topics = {"c", "a", "b", "a"};
  f.up(1);
  f.read({.reading = 1, .from = {Position::Kind::last_of_topic, 0}, .credit = 1'000'000});
  f.log.kept = 3;
  auto records = f.pump();
  auto trimmed = posted<Trimmed>(f.out);
  REQUIRE(trimmed.size() == 1);
  CHECK(trimmed[0].first == 0);
  CHECK(trimmed[0].next == 3);
  REQUIRE(records.size() == 1);
  CHECK(records[0].first == 3);
  CHECK(records[0].count == 1);
}

TEST_CASE("writer core: STR-1, who sends what a subscriber does not send is blamed") {
  Fixture f;
  f.up(1);
  f.say(1, Trimmed{1, 0, 1});
  CHECK(f.core.take_outbox().faults.size() == 1);
  Read read = from_beginning();
  read.topics.patterns = {"a*b"};
  f.read(read);
  Outbox out = f.core.take_outbox();
  REQUIRE(out.faults.size() == 1);
  CHECK(out.faults[0].reason.find("whole words") != std::string::npos);
  f.say(9, Trimmed{1, 0, 1});
  CHECK(f.core.take_outbox().faults.empty());
}
