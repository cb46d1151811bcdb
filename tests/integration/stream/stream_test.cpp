#include <memory>

#include <doctest/doctest.h>

#include <shoal/base/error.hpp>
#include <shoal/store/record_log.hpp>
#include <shoal/stream/stream_reader.hpp>
#include <shoal/stream/stream_writer.hpp>

#include "support/node.hpp"
#include "support/temp_dir.hpp"

using namespace shoal;
using namespace shoal::stream;
using namespace shoal::test;
using namespace std::chrono_literals;

namespace {

const std::string any_port = "tcp://127.0.0.1:*";

/// A reader that takes everything at once.
struct Taker {
  Taker(Loop& loop, StreamReaderOptions options)
      : reader(loop.context, loop.reactor, std::move(options),
               [this](Delivery delivery) { take(std::move(delivery)); }) {}
  Taker(Loop& loop, const std::string& endpoint, ReaderCoreOptions reading = {})
      : Taker(loop, {.connects = {endpoint}, .reading = std::move(reading)}) {}

  void take(Delivery delivery) {
    store::RecordBlock block(delivery.body, delivery.first, delivery.next);
    if (delivery.count != 0) {
      for (const store::RecordView& record : block) payloads.emplace_back(record.payload);
    }
    if (hold) {
      held.push_back(std::move(delivery));
    } else {
      reader.taken(delivery);
    }
  }

  std::vector<std::string> payloads;
  std::vector<Delivery> held;
  bool hold = false;
  StreamReader reader;
};

struct World {
  Loop loop;
  TempDir folder;
  std::unique_ptr<StreamWriter> writer;
  std::uint64_t appended = 0;

  explicit World(std::uint64_t memory = 0) { start(memory); }

  /// A writer on the log that listens, or dials `connect`.
  void start(std::uint64_t memory = 0, const std::string& connect = "") {
    StreamWriterOptions options{.binds = {any_port}};
    if (!connect.empty()) options = {.binds = {}, .connects = {connect}};
    if (memory == 0) options.log = {.folder = folder / "log", .segment_size = 1 << 20};
    if (memory != 0) options.memory = memory;
    writer = std::make_unique<StreamWriter>(loop.context, loop.reactor, options);
  }

  std::string endpoint() const { return writer->port().bound().at(0); }

  void append(std::uint64_t count, std::string_view topic = "t") {
    for (; count > 0; --count) {
      std::string payload = std::to_string(appended++);
      store::NewRecord record{.topic = topic, .payload = payload};
      writer->append({&record, 1});
    }
  }
};

bool counts_up(const std::vector<std::string>& payloads, std::uint64_t from, std::uint64_t to) {
  if (payloads.size() != to - from) return false;
  for (std::size_t i = 0; i < payloads.size(); ++i) {
    if (payloads[i] != std::to_string(from + i)) return false;
  }
  return true;
}

const ReaderCoreOptions from_beginning{.from = {Position::Kind::beginning, 0}};

}  // namespace

TEST_CASE("stream: readers before, during and after each get the whole stream, which then ends") {
  World world;
  Taker before(world.loop, world.endpoint(), from_beginning);
  world.append(50'000);
  Taker during(world.loop, world.endpoint(), from_beginning);
  REQUIRE(world.loop.until([&] { return before.payloads.size() > 10'000; }));
  world.append(50'000);
  world.writer->end();
  Taker after(world.loop, world.endpoint(), from_beginning);
  REQUIRE(world.loop.until([&] {
    return before.reader.core().at_end() && during.reader.core().at_end() &&
           after.reader.core().at_end() && world.writer->all_have_all();
  }));
  for (const Taker* taker : {&before, &during, &after}) {
    CHECK(counts_up(taker->payloads, 0, 100'000));
  }
  world.writer->leave();
  CHECK(world.loop.until([&] { return world.writer->finished(); }));
}

TEST_CASE("stream: STR-8, a reader goes on when the publisher was started again on its log") {
  World world;
  Taker taker(world.loop, {.binds = {any_port}, .connects = {}, .reading = from_beginning});
  std::string endpoint = taker.reader.port().bound().at(0);
  world.writer.reset();
  world.start(0, endpoint);
  world.append(1000);
  REQUIRE(world.loop.until([&] { return taker.payloads.size() == 1000; }));
  world.writer.reset();
  world.start(0, endpoint);
  CHECK(world.writer->head() == 1000);
  world.append(1000);
  REQUIRE(world.loop.until([&] { return taker.payloads.size() >= 2000; }));
  CHECK(counts_up(taker.payloads, 0, 2000));
  CHECK(taker.reader.core().cursors().begin()->second.epoch == world.writer->log().epoch());
}

TEST_CASE("stream: STR-8, another log than the cursor's is refused with the right code") {
  World world;
  world.append(5);
  ReaderCoreOptions reading{.cursors = {{Id::of_name("another"), {1, 3}}}, .streams = 1};
  Taker taker(world.loop, world.endpoint(), reading);
  ExitCode code = ExitCode::ok;
  try {
    world.loop.until([] { return false; });
  } catch (const Error& error) {
    code = error.code();
  }
  CHECK(code == ExitCode::bad_data);
}

TEST_CASE("stream: STR-3, a reader that takes nothing costs its window, and slows nobody") {
  World world;
  Taker slow(world.loop, world.endpoint(), {.from = {Position::Kind::beginning, 0}, .window = 1});
  Taker fast(world.loop, world.endpoint(), from_beginning);
  slow.hold = true;
  world.append(20'000);
  REQUIRE(world.loop.until([&] { return fast.payloads.size() == 20'000; }));
  CHECK(slow.payloads.size() < 20'000);
  CHECK_FALSE(world.writer->all_have_all());
  slow.hold = false;
  for (const Delivery& delivery : slow.held) slow.reader.taken(delivery);
  REQUIRE(world.loop.until([&] { return slow.payloads.size() == 20'000; }));
  CHECK(counts_up(slow.payloads, 0, 20'000));
}

TEST_CASE(
    "stream: STR-5, a late reader of a log in memory starts late; one at 0 hears what is gone") {
  World world(100'000);
  world.append(10'000);
  REQUIRE(world.loop.until([&] { return world.writer->head() == 10'000; }));
  Offset first = world.writer->log().first();
  REQUIRE(first > 0);
  Taker late(world.loop, world.endpoint(), from_beginning);
  Taker strict(world.loop, world.endpoint(), {.from = {Position::Kind::offset, 0}});
  REQUIRE(world.loop.until(
      [&] { return late.reader.core().at_end() && strict.reader.core().at_end(); }));
  CHECK(counts_up(late.payloads, first, 10'000));
  CHECK(late.reader.core().trimmed() == 0);
  CHECK(counts_up(strict.payloads, first, 10'000));
  CHECK(strict.reader.core().trimmed() == first);
}

TEST_CASE("stream: STR-9, STR-10, topics are chosen at the publisher") {
  World world;
  world.append(10, "a.x");
  world.append(10, "b");
  world.append(10, "a.y");
  Taker some(world.loop, world.endpoint(),
             {.from = {Position::Kind::beginning, 0}, .topics = {.patterns = {"a.*"}}});
  Taker last(world.loop, world.endpoint(), {.from = {Position::Kind::last_of_topic, 0}});
  REQUIRE(
      world.loop.until([&] { return some.reader.core().at_end() && last.reader.core().at_end(); }));
  CHECK(some.payloads.size() == 20);
  CHECK(last.payloads == std::vector<std::string>{"9", "19", "29"});
}

TEST_CASE("stream: patterns that cannot be meant are a usage error") {
  Loop loop;
  ReaderCoreOptions reading{.topics = {.patterns = {"a*b"}}};
  CHECK_THROWS_WITH_AS(Taker(loop, "tcp://127.0.0.1:9", reading), doctest::Contains("whole words"),
                       Error);
}

TEST_CASE("stream: a record as large as a log can hold arrives") {
  World world;
  Taker taker(world.loop, world.endpoint(), from_beginning);
  std::string payload(store::log_most_record - store::log_record_header_size, 'x');
  store::NewRecord record{.payload = payload};
  world.writer->append({&record, 1});
  REQUIRE(world.loop.until([&] { return taker.payloads.size() == 1; }, 60s));
  CHECK((taker.payloads[0] == payload));
}
