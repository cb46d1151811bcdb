#include <doctest/doctest.h>

#include <shoal/store/memory_log.hpp>

#include "log_support.hpp"

using namespace shoal;
using namespace shoal::store;
using namespace store_test;

namespace {

// Small segments, so that there are many.
LogWriterOptions small_segments(const TempDir& dir) {
  return {.folder = dir / "log", .segment_size = 4096};
}

}  // namespace

TEST_CASE("log: what was appended reads back, from any offset and in any group size") {
  TempDir dir;
  LogWriter log(small_segments(dir));
  CHECK(log.epoch() == 1);
  CHECK(log.end() == 0);
  for (std::size_t group = 1; log.end() < 500; group = group % 17 + 1) {
    append_made(log, group);
    log.sync();
    CHECK(log.synced() == log.end());
  }
  CHECK(segments_in(dir / "log").size() > 5);
  std::unique_ptr<RecordReader> reader = log.reader();
  for (std::size_t most : {1, 300, 5000, 1 << 20}) {
    reader->seek(0);
    Found found = read_all(*reader, log.end(), most);
    CHECK(is_run(found.offsets, 0, log.end()));
    CHECK(found.gaps.empty());
    CHECK(found.all_made);
  }
  for (Offset from = 0; from <= log.end(); ++from) {
    reader->seek(from);
    CHECK(is_run(read_all(*reader, log.end()).offsets, from, log.end()));
    CHECK(reader->position() == log.end());
  }
  reader->seek(3);
  CHECK(is_run(read_all(*reader, 7).offsets, 3, 7));
}

TEST_CASE("log: a reader follows what is appended, up to the end it is told") {
  TempDir dir;
  LogWriter log(small_segments(dir));
  std::unique_ptr<RecordReader> reader = log.reader();
  Offset read = 0;
  for (int round = 0; round < 100; ++round) {
    append_made(log, 7);
    CHECK(read_all(*reader, log.written()).offsets.size() == log.written() - read);
    read = log.written();
    log.write();
    Found found = read_all(*reader, log.written());
    CHECK(is_run(found.offsets, read, log.end()));
    CHECK(found.all_made);
    read = log.end();
  }
}

TEST_CASE("log: a payload is a slice of the block it was read in, and outlives the reader") {
  TempDir dir;
  LogWriter log({.folder = dir / "log"});
  append_made(log, 20);
  log.sync();
  std::vector<Bytes> payloads;
  {
    std::unique_ptr<RecordReader> reader = log.reader();
    RecordBlock block = std::get<RecordBlock>(reader->next(log.end(), 1 << 20));
    CHECK(block.count() == 20);
    for (const RecordView& record : block) payloads.push_back(block.slice(record.payload));
    CHECK(payloads[1].owner() == block.bytes().owner());
  }
  for (Offset i = 0; i < 20; ++i) CHECK(payloads[i].view() == made(i).payload);
}

TEST_CASE("log: goes on where it ended, in a new epoch, with the same id") {
  TempDir dir;
  Id id;
  for (Epoch epoch = 1; epoch <= 5; ++epoch) {
    LogWriter log(small_segments(dir));
    if (epoch == 1) id = log.id();
    CHECK(log.id() == id);
    CHECK(log.epoch() == epoch);
    CHECK(log.end() == (epoch - 1) * 30);
    CHECK(log.cut() == 0);
    append_made(log, 30);
    log.sync();
  }
  CHECK(is_run(read_folder(dir / "log").offsets, 0, 150));
  LogReader reader({.folder = dir / "log", .stream = id, .first = 59});
  std::vector<Epoch> epochs;
  RecordBlock block = std::get<RecordBlock>(reader.next(61, 1 << 20));
  for (const RecordView& record : block) epochs.push_back(record.epoch);
  CHECK(epochs == std::vector<Epoch>{2, 3});
}

TEST_CASE("log: an epoch is a time, and comes after the one before even if the clock does not") {
  TempDir dir;
  LogWriterOptions options = small_segments(dir);
  std::vector<Epoch> epochs;
  for (UnixTime seconds : {1000, 1000, 5000, 2000}) {
    options.now = seconds * 1'000'000'000 + 7;
    epochs.push_back(LogWriter(options).epoch());
  }
  CHECK(epochs == std::vector<Epoch>{1000, 1001, 5000, 5001});
}

TEST_CASE("log: tells in what epoch a record was written, also when it is gone") {
  TempDir dir;
  LogWriterOptions options = small_segments(dir);
  // The third of these starts appends nothing.
  std::vector<std::size_t> appended = {200, 100, 0, 300};
  for (std::size_t count : appended) {
    LogWriter log(options);
    append_made(log, count);
    log.sync();
  }
  auto check = [&](const RecordLog& log) {
    CHECK(log.epoch_before(0) == 0);
    CHECK(log.epoch_before(1) == 1);
    CHECK(log.epoch_before(200) == 1);
    CHECK(log.epoch_before(201) == 2);
    CHECK(log.epoch_before(300) == 2);
    CHECK(log.epoch_before(301) == 4);
    CHECK(log.epoch_before(600) == 4);
  };
  options.retain_size = 1;
  {
    LogWriter log(options);
    check(log);
    log.retain(0);
    CHECK(log.first() > 300);
    check(log);
  }
  LogWriter log(options);
  check(log);
  append_made(log, 1);
  CHECK(log.epoch_before(601) == log.epoch());
}

TEST_CASE("log: what was noted of epochs gives way to what the records say") {
  TempDir dir;
  LogWriterOptions options = small_segments(dir);
  auto append = [&](std::size_t count) {
    LogWriter log(options);
    append_made(log, count);
    log.sync();
  };
  append(20);
  append(20);
  std::filesystem::copy(dir / "log", dir / "copy");
  append(20);
  // The segments of an old copy under the note of what came after it.
  std::filesystem::copy(dir / "log" / "stream", dir / "copy" / "stream",
                        std::filesystem::copy_options::overwrite_existing);
  options.folder = dir / "copy";
  append(20);
  LogWriter log(options);
  CHECK(log.epoch_before(40) == 2);
  CHECK(log.epoch_before(41) == 4);
}

TEST_CASE("log: records are found by their time, which never goes back") {
  TempDir dir;
  LogWriter on_disk(small_segments(dir));
  MemoryLog in_memory(1 << 20);
  for (RecordLog* log : std::initializer_list<RecordLog*>{&on_disk, &in_memory}) {
    NewRecord record{.topic = "t", .payload = std::string_view("x")};
    for (UnixTime time : {10, 10, 20, 5, 30, 30, 40}) {
      for (int i = 0; i < 50; ++i) log->append({&record, 1}, time);
      log->sync();
    }
    std::unique_ptr<RecordReader> reader = log->reader();
    CHECK(reader->find_time(0, log->end()) == 0);
    CHECK(reader->find_time(10, log->end()) == 0);
    CHECK(reader->find_time(11, log->end()) == 100);
    CHECK(reader->find_time(20, log->end()) == 100);
    CHECK(reader->find_time(21, log->end()) == 200);
    CHECK(reader->find_time(40, log->end()) == 300);
    CHECK(reader->find_time(41, log->end()) == log->end());
    CHECK(reader->find_time(40, 120) == 120);
  }
}

TEST_CASE("log: retention by size takes whole segments from the oldest, never the active one") {
  TempDir dir;
  LogWriterOptions options = small_segments(dir);
  options.retain_size = 20'000;
  LogWriter log(options);
  std::unique_ptr<RecordReader> slow = log.reader();
  append_made(log, 5);
  log.sync();
  Found found = read_all(*slow, 3, 1);
  for (int round = 0; round < 100; ++round) {
    append_made(log, 10);
    log.sync();
    Offset first = log.retain(0);
    CHECK(first == log.first());
    CHECK(segments_in(dir / "log").front() == first);
    CHECK(log.bytes() <= 20'000 + 4096);
  }
  CHECK(log.first() > 500);
  // It had the first segment open: that it reads to the end.
  found = read_all(*slow, log.end());
  REQUIRE(found.gaps.size() == 1);
  CHECK(found.gaps[0].to == log.first());
  CHECK(found.gaps[0].from > 5);
  CHECK(found.all_made);
  CHECK(found.offsets.size() + 3 + (found.gaps[0].to - found.gaps[0].from) == log.end());
  Offset first = log.first();
  std::unique_ptr<RecordReader> late = log.reader();
  late->seek(0);
  found = read_all(*late, log.end());
  CHECK(found.gaps == std::vector<OffsetRange>{{0, first}});
  CHECK(is_run(found.offsets, first, log.end()));
}

TEST_CASE("log: retention by age") {
  TempDir dir;
  LogWriterOptions options = small_segments(dir);
  options.retain_age = std::chrono::nanoseconds(100);
  LogWriter log(options);
  append_made(log, 300);  // at the times 1000 to 1299
  log.sync();
  CHECK(log.retain(1099) == 0);
  Offset first = log.retain(1250);
  CHECK(first > 0);
  CHECK(first <= 150);
  first = log.retain(1'000'000);
  CHECK(first == segments_in(dir / "log").front());
  CHECK(segments_in(dir / "log").size() == 1);
  CHECK(log.first() < log.end());
}

TEST_CASE("log: records larger than a segment, and of no bytes at all") {
  TempDir dir;
  LogWriter log({.folder = dir / "log", .segment_size = 1000});
  std::string large(100'000, 'x');
  for (std::size_t size : {0, 100'000, 0, 950, 100'000}) {
    NewRecord record{.payload = std::string_view(large).substr(0, size)};
    log.append({&record, 1}, 1);
  }
  log.sync();
  std::unique_ptr<RecordReader> reader = log.reader();
  std::vector<std::size_t> sizes;
  while (reader->position() < log.end()) {
    RecordBlock block = std::get<RecordBlock>(reader->next(log.end(), 100));
    for (const RecordView& record : block) sizes.push_back(record.payload.size());
  }
  CHECK(sizes == std::vector<std::size_t>{0, 100'000, 0, 950, 100'000});
  CHECK(segments_in(dir / "log").size() == 5);
}

TEST_CASE("log: the last record of each topic") {
  TempDir dir;
  LogWriter on_disk(small_segments(dir));
  MemoryLog in_memory(1 << 20);
  for (RecordLog* log : std::initializer_list<RecordLog*>{&on_disk, &in_memory}) {
    append_made(*log, 203);
    log->sync();
    std::unique_ptr<RecordReader> reader = log->reader();
    std::map<std::string, Offset, std::less<>> last = last_by_topic(*reader, 202);
    REQUIRE(last.size() == 5);
    for (const auto& [topic, offset] : last) {
      CHECK(made(offset).topic == topic);
      CHECK(offset >= 197);
      CHECK(offset < 202);
    }
  }
}

TEST_CASE("log: a second writer is refused, a reader is not") {
  TempDir dir;
  LogWriter log(small_segments(dir));
  append_made(log, 3);
  log.sync();
  CHECK(says(error_of([&] { LogWriter second(small_segments(dir)); }), ExitCode::error,
             "another publisher writes to the log"));
  CHECK(says(error_of([&] { repair_log(dir / "log"); }), ExitCode::error, "another publisher"));
  CHECK(is_run(read_folder(dir / "log").offsets, 0, 3));
}

TEST_CASE("log in memory: keeps the newest, and tells a slow reader what is gone") {
  MemoryLog log(50'000);
  std::unique_ptr<RecordReader> reader = log.reader();
  CHECK(std::holds_alternative<AtEnd>(reader->next(10, 100)));
  for (int round = 0; round < 50; ++round) {
    append_made(log, 20);
    log.sync();
    CHECK(log.bytes() <= 50'000);
  }
  CHECK(log.first() > 0);
  for (std::size_t most : {1, 1000, 1 << 20}) {
    reader->seek(0);
    Found found = read_all(*reader, log.end(), most);
    CHECK(found.gaps == std::vector<OffsetRange>{{0, log.first()}});
    CHECK(is_run(found.offsets, log.first(), log.end()));
    CHECK(found.all_made);
  }
  reader->seek(log.first() + 7);
  CHECK(is_run(read_all(*reader, log.end() - 3).offsets, log.first() + 7, log.end() - 3));
  std::string large(200'000, 'x');
  NewRecord record{.payload = large};
  log.append({&record, 1}, 1);
  log.sync();
  CHECK(log.first() == log.end() - 1);
}
