#include <functional>
#include <memory>

#include <doctest/doctest.h>

#include <shoal/store/log_writer.hpp>
#include <shoal/store/memory_log.hpp>
#include <shoal/stream/log_view.hpp>

#include "support/temp_dir.hpp"

using namespace shoal;
using namespace shoal::stream;

namespace {

void append(store::RecordLog& log, std::string_view topic, int count = 1) {
  std::string payload(100, 'p');
  std::vector<store::NewRecord> records(static_cast<std::size_t>(count),
                                        store::NewRecord{.topic = topic, .payload = payload});
  log.append(records, 1000 * (log.end() + 1));
  log.sync();
}

std::vector<Offset> offsets_in(const Chunk& chunk) {
  std::vector<Offset> offsets;
  store::RecordBlock block(chunk.body, 0, 1);
  for (const store::RecordView& record : block) offsets.push_back(record.offset);
  return offsets;
}

/// All that is read from `from` up to the head.
std::vector<Offset> read_all(RecordLogView& view, Offset from, const TopicFilter& filter,
                             std::size_t bytes = 5000) {
  std::vector<Offset> all;
  while (from < view.head()) {
    Chunk chunk = view.read(from, view.head(), bytes, filter);
    REQUIRE(chunk.next > from);
    std::vector<Offset> some = offsets_in(chunk);
    CHECK(some.size() == chunk.count);
    all.insert(all.end(), some.begin(), some.end());
    from = chunk.next;
  }
  return all;
}

TopicFilter only(const std::string& pattern) {
  return *TopicFilter::make({.patterns = {pattern}});
}

/// Runs `check` with a log in memory and one on disk.
void with_each_log(const std::function<void(store::RecordLog&)>& check) {
  store::MemoryLog memory(1 << 20);
  check(memory);
  test::TempDir folder;
  store::LogWriter disk({.folder = folder / "log", .segment_size = 4096});
  check(disk);
}

}  // namespace

TEST_CASE("log view: STR-4, reads what is committed, in blocks, from any place") {
  with_each_log([](store::RecordLog& log) {
    append(log, "a", 200);
    RecordLogView view(log);
    CHECK(view.head() == 200);
    CHECK(read_all(view, 0, {}).size() == 200);
    CHECK(read_all(view, 150, {}).front() == 150);
    append(log, "a", 10);
    CHECK(view.head() == 200);
    view.commit(210);
    CHECK(read_all(view, 200, {}).size() == 10);
  });
}

TEST_CASE("log view: readers at the same place share one block") {
  with_each_log([](store::RecordLog& log) {
    append(log, "a", 100);
    RecordLogView view(log);
    Chunk one = view.read(0, 100, 1 << 16, {});
    Chunk two = view.read(0, 100, 1 << 16, {});
    CHECK(one.body.data() == two.body.data());
    CHECK(one.count == two.count);
  });
}

TEST_CASE("log view: a small part of a log does not keep alive what was read with it") {
  with_each_log([](store::RecordLog& log) {
    append(log, "a", 5000);
    RecordLogView view(log);
    Chunk first = view.read(0, 10, 1 << 18, {});
    Chunk next = view.read(10, 20, 1 << 18, {});
    REQUIRE(first.count == 10);
    REQUIRE(next.count == 10);
    CHECK(first.body.owner() != next.body.owner());
    CHECK(offsets_in(next).front() == 10);
  });
}

TEST_CASE("log view: filters leave out, and move on over what nobody wants") {
  with_each_log([](store::RecordLog& log) {
    for (int i = 0; i < 50; ++i) append(log, i % 10 == 3 ? "rare" : "often");
    RecordLogView view(log);
    CHECK(read_all(view, 0, only("rare")) == std::vector<Offset>{3, 13, 23, 33, 43});
    CHECK(read_all(view, 0, only("none")).empty());
    CHECK(read_all(view, 0, only("often")).size() == 45);
    CHECK(read_all(view, 44, only("often"), 1 << 20).size() == 6);
  });
}

TEST_CASE("log view: more readers than it keeps places for") {
  with_each_log([](store::RecordLog& log) {
    append(log, "a", 300);
    RecordLogView view(log);
    for (int round = 0; round < 3; ++round) {
      for (Offset from = 0; from < 300; from += 7) {
        Chunk chunk = view.read(from, 300, 200, {});
        CHECK(offsets_in(chunk).front() == from);
      }
    }
  });
}

TEST_CASE("log view: where readings begin") {
  with_each_log([](store::RecordLog& log) {
    append(log, "a", 5);
    append(log, "a", 5);
    RecordLogView view(log);
    using Kind = Position::Kind;
    CHECK(view.find({Kind::beginning, 0}) == 0);
    CHECK(view.find({Kind::end, 0}) == 10);
    CHECK(view.find({Kind::offset, 77}) == 77);
    CHECK(view.find({Kind::last, 3}) == 7);
    CHECK(view.find({Kind::last, 30}) == 0);
    CHECK(view.find({Kind::time, 0}) == 0);
    CHECK(view.find({Kind::time, 1001}) == 5);
    CHECK(view.find({Kind::time, 6000}) == 5);
    CHECK(view.find({Kind::time, 6001}) == 10);
  });
}

TEST_CASE("log view: STR-5, what is gone is called gone") {
  store::MemoryLog log(1);
  append(log, "a", 10);
  RecordLogView view(log);
  append(log, "b", 10);
  view.commit(20);
  CHECK(view.first() == 10);
  Chunk chunk = view.read(3, 20, 5000, {});
  CHECK(chunk.gone);
  CHECK(chunk.next == 10);
  CHECK(view.find({Position::Kind::beginning, 0}) == 10);
}

TEST_CASE("log view: STR-10, the last record of each topic, as the log grows and shrinks") {
  with_each_log([](store::RecordLog& log) {
    for (const char* topic : {"a", "b", "a", "c"}) append(log, topic);
    RecordLogView view(log);
    CHECK(view.last_of_topics(0, 4, {}) == std::vector<Offset>{1, 2, 3});
    CHECK(view.last_of_topics(2, 4, {}) == std::vector<Offset>{2, 3});
    CHECK(view.last_of_topics(0, 4, only("b")) == std::vector<Offset>{1});
    append(log, "b");
    view.commit(5);
    CHECK(view.last_of_topics(0, 5, {}) == std::vector<Offset>{2, 3, 4});
    CHECK(view.last_of_topics(0, 4, {}) == std::vector<Offset>{2, 3});
  });
  store::MemoryLog log(1);
  append(log, "a");
  append(log, "b");
  RecordLogView view(log);
  CHECK(view.last_of_topics(0, 2, {}) == std::vector<Offset>{1});
}
