#include <doctest/doctest.h>

#include "log_support.hpp"

using namespace shoal;
using namespace shoal::store;
using namespace store_test;

namespace {

constexpr std::size_t segment_size = 2048;

// A log of several segments; each group of records synced.
void make_log(const fs::path& folder, Offset records, std::size_t group = 5) {
  LogWriter log({.folder = folder, .segment_size = segment_size});
  while (log.end() < records) {
    append_made(log, group);
    log.sync();
  }
}

fs::path last_segment(const fs::path& folder) {
  return segment_path(folder, segments_in(folder).back());
}

void copy_log(const fs::path& from, const fs::path& to) {
  fs::remove_all(to);
  fs::copy(from, to, fs::copy_options::recursive);
}

std::optional<Error> opening(const fs::path& folder) {
  return error_of([&] { LogWriter log({.folder = folder, .segment_size = segment_size}); });
}

// Opens, appends, and reads all back.
bool goes_on(const fs::path& folder, Offset expected_end, std::uint64_t expected_cut) {
  LogWriter log({.folder = folder, .segment_size = segment_size});
  if (log.end() != expected_end || log.cut() != expected_cut) return false;
  append_made(log, 3);
  log.sync();
  std::unique_ptr<RecordReader> reader = log.reader();
  Found found = read_all(*reader, log.end());
  return found.all_made && found.gaps.empty() && is_run(found.offsets, 0, expected_end + 3);
}

}  // namespace

TEST_CASE("log recovery: the last segment cut at every byte of its last record (FAULTS 5)") {
  TempDir dir;
  fs::path whole = dir / "whole";
  {
    LogWriter log({.folder = whole, .segment_size = segment_size});
    append_made(log, 43);
    log.sync();
    append_made(log, 1);
    log.write();  // and killed
  }
  std::string bytes = read_file(last_segment(whole));
  Made last = made(43);
  std::size_t size =
      log_record_header_size + last.topic.size() + last.headers.size() + last.payload.size();
  std::size_t wrong = 0;
  for (std::size_t left = 0; left < size; ++left) {
    copy_log(whole, dir / "log");
    write_file(last_segment(dir / "log"),
               std::string_view(bytes).substr(0, bytes.size() - size + left));
    if (!goes_on(dir / "log", 43, left)) ++wrong;
  }
  CHECK(wrong == 0);
  copy_log(whole, dir / "log");
  CHECK(goes_on(dir / "log", 44, 0));
}

TEST_CASE("log recovery: what was never synced may be torn in any way, and is cut") {
  TempDir dir;
  {
    LogWriter log({.folder = dir / "whole", .segment_size = 1 << 20});
    append_made(log, 40);
    log.sync();
    append_made(log, 40);
    log.write();
  }
  std::string bytes = read_file(last_segment(dir / "whole"));
  SyncedNote note = decode_synced_note(read_file(dir / "whole" / "synced")).value();
  CHECK(note.next == 40);
  std::mt19937_64 random(11);
  for (int round = 0; round < 200; ++round) {
    copy_log(dir / "whole", dir / "log");
    // A hole, as a page that never reached the disk leaves it, with whole records behind it.
    std::string torn = bytes;
    std::size_t at = note.position + random() % (torn.size() - note.position);
    std::size_t size = std::min<std::size_t>(1 + random() % 500, torn.size() - at);
    std::fill_n(torn.begin() + static_cast<std::ptrdiff_t>(at), size, '\0');
    if (torn == bytes) continue;
    write_file(last_segment(dir / "log"), torn);
    bool no_note = round % 2 == 0;
    if (no_note) fs::remove(dir / "log" / "synced");
    LogWriter log({.folder = dir / "log", .segment_size = 1 << 20});
    CHECK(log.end() >= 40);
    CHECK(log.end() < 80);
    CHECK(log.cut() > 0);
  }
}

TEST_CASE("log recovery: a flipped bit in what was synced is refused, with file and byte") {
  TempDir dir;
  make_log(dir / "whole", 100);
  std::vector<Offset> bases = segments_in(dir / "whole");
  REQUIRE(bases.size() > 3);
  std::mt19937_64 random(3);
  for (Offset base : bases) {
    std::string bytes = read_file(segment_path(dir / "whole", base));
    std::string name = segment_path(dir / "log", base).filename().string();
    for (std::size_t at = 0; at < bytes.size(); at += 1 + random() % 40) {
      copy_log(dir / "whole", dir / "log");
      std::string bad = bytes;
      bad[at] = static_cast<char>(bad[at] ^ (1 << random() % 8));
      write_file(segment_path(dir / "log", base), bad);
      if (base == bases.back()) {
        CHECK(says(opening(dir / "log"), ExitCode::bad_data, name + " is damaged at byte "));
      }
      auto error = error_of([&] { (void)read_folder(dir / "log"); });
      // Who only looks may take the end of the last segment for one that is being written.
      if (base != bases.back()) {
        CHECK(says(error, ExitCode::bad_data, name + " is damaged at byte "));
        if (error) CHECK(says(error, ExitCode::bad_data, "--repair"));
      }
      LogFacts facts = inspect_log(dir / "log", true);
      std::size_t damaged = 0;
      for (const SegmentFacts& segment : facts.segments) damaged += segment.damage ? 1 : 0;
      CHECK(damaged == 1);
    }
  }
}

TEST_CASE("log recovery: synced records at the end are not cut, even when the note is lost") {
  TempDir dir;
  make_log(dir / "whole", 30, 2);
  fs::path last = last_segment(dir / "whole");
  std::string bytes = read_file(last);
  REQUIRE(bytes.size() > log_segment_header_size + 300);
  copy_log(dir / "whole", dir / "log");
  std::string bad = bytes;
  bad[log_segment_header_size + 50] ^= 1;
  write_file(last_segment(dir / "log"), bad);
  fs::remove(dir / "log" / "synced");
  CHECK(says(opening(dir / "log"), ExitCode::bad_data, "is damaged at byte 64"));

  copy_log(dir / "whole", dir / "log");
  write_file(last_segment(dir / "log"), std::string_view(bytes).substr(0, bytes.size() - 1));
  CHECK(says(opening(dir / "log"), ExitCode::bad_data, "is damaged at byte"));
  copy_log(dir / "whole", dir / "log");
  fs::remove(last_segment(dir / "log"));
  CHECK(says(opening(dir / "log"), ExitCode::bad_data, "it is missing"));
}

TEST_CASE("log recovery: a missing, foreign or misnamed segment is refused") {
  TempDir dir;
  make_log(dir / "whole", 100);
  make_log(dir / "other", 100);
  std::vector<Offset> bases = segments_in(dir / "whole");
  copy_log(dir / "whole", dir / "log");
  fs::remove(segment_path(dir / "log", bases[1]));
  CHECK(says(opening(dir / "log"), ExitCode::bad_data, "the segment before it ends before record"));

  copy_log(dir / "whole", dir / "log");
  fs::copy_file(segment_path(dir / "other", bases[1]), segment_path(dir / "log", bases[1]),
                fs::copy_options::overwrite_existing);
  CHECK(says(opening(dir / "log"), ExitCode::bad_data, "a segment of another stream"));

  copy_log(dir / "whole", dir / "log");
  fs::copy_file(segment_path(dir / "log", bases[1]), segment_path(dir / "log", bases[2]),
                fs::copy_options::overwrite_existing);
  CHECK(says(opening(dir / "log"), ExitCode::bad_data, "not the segment of that name"));

  copy_log(dir / "whole", dir / "log");
  fs::remove(dir / "log" / "stream");
  CHECK(
      says(opening(dir / "log"), ExitCode::bad_data, "stream is damaged at byte 0: it is missing"));
  write_file(dir / "log" / "stream", "nonsense");
  CHECK(says(opening(dir / "log"), ExitCode::bad_data, "does not tell what stream"));
}

TEST_CASE("log recovery: an index that is torn, absent or wrong changes nothing and is made anew") {
  TempDir dir;
  auto large = [](RecordLog& log) {
    std::string payload(1000, 'x');
    for (int i = 0; i < 1000; ++i) {
      payload.resize(500 + static_cast<std::size_t>(i));
      payload.resize(1000 + static_cast<std::size_t>(i % 10), 'y');
      NewRecord record{.payload = payload};
      log.append({&record, 1}, 1);
    }
    log.sync();
  };
  fs::path folder = dir / "log";
  {
    LogWriter log({.folder = folder, .segment_size = 300'000});
    large(log);
  }
  fs::path index = index_path(folder, 0);
  std::string whole = read_file(index);
  REQUIRE(whole.size() > 100);
  LogIndex liar(0);
  liar.note({.offset = 0, .size = 100'000}, 64);
  liar.note({.offset = 100, .size = read_file(segment_path(folder, 0)).size() - 100'064}, 100'064);
  for (const std::string& text : {std::string(), whole.substr(0, 60), whole + "x", liar.encode()}) {
    write_file(index, text);
    LogFacts facts = inspect_log(folder, false);
    LogReader reader({.folder = folder, .stream = facts.stream.id, .first = 150});
    RecordBlock block = std::get<RecordBlock>(reader.next(160, 1 << 20));
    CHECK(block.first_offset() == 150);
    CHECK(block.count() == 10);
  }
  write_file(index, whole.substr(0, 60));
  { LogWriter log({.folder = folder, .segment_size = 300'000}); }
  CHECK(read_file(index) == whole);
}

TEST_CASE("log repair: what is whole stays, what is not is set aside and told as a gap") {
  TempDir dir;
  make_log(dir / "whole", 100);
  std::vector<Offset> bases = segments_in(dir / "whole");
  std::mt19937_64 random(9);
  fs::path folder = dir / "log";
  for (int round = 0; round < 60; ++round) {
    copy_log(dir / "whole", folder);
    Offset base = bases[random() % bases.size()];
    fs::path path = segment_path(folder, base);
    std::string bad = read_file(path);
    std::size_t at = random() % bad.size();
    bad[at] = static_cast<char>(bad[at] ^ 1);
    write_file(path, bad);
    LogRepair repair = repair_log(folder);
    REQUIRE(repair.set_aside.size() == 1);
    CHECK(read_file(repair.set_aside[0]) == bad);
    bool header = at < log_segment_header_size;
    // A gap at the very beginning is what retention leaves too.
    bool beginning = inspect_log(folder, false).first > 0;
    CHECK(repair.gaps.size() == (header || beginning ? 0 : 1));
    CHECK(repair.records == (header ? 100 : 99));
    Found found = read_folder(folder);
    CHECK(found.all_made);
    CHECK(found.offsets.size() == repair.records);
    LogWriter log({.folder = folder, .segment_size = segment_size});
    CHECK(log.end() == 100);
    CHECK(log.epoch() == 2);
    append_made(log, 5);
    log.sync();
    std::unique_ptr<RecordReader> reader = log.reader();
    found = read_all(*reader, log.end());
    CHECK(found.offsets.size() == repair.records + 5);
    CHECK(found.gaps == repair.gaps);
  }
}

TEST_CASE("log repair: a sound log stays as it is; one that lost its name gets it back") {
  TempDir dir;
  make_log(dir / "log", 100);
  Id id = read_stream_file(dir / "log")->id;
  LogRepair repair = repair_log(dir / "log");
  CHECK(repair.set_aside.empty());
  CHECK(repair.gaps.empty());
  CHECK(repair.records == 100);
  fs::remove(dir / "log" / "stream");
  repair_log(dir / "log");
  CHECK(goes_on(dir / "log", 100, 0));
  LogWriter log({.folder = dir / "log", .segment_size = segment_size});
  CHECK(log.id() == id);
  CHECK(log.epoch() == 3);
}

TEST_CASE("log repair: the offsets of a lost end are never given again") {
  TempDir dir;
  make_log(dir / "log", 100);
  fs::path last = last_segment(dir / "log");
  write_file(last, std::string(fs::file_size(last), 'x'));
  LogRepair repair = repair_log(dir / "log");
  REQUIRE(repair.gaps.size() == 1);
  CHECK(repair.gaps[0].to == 100);
  for (Epoch epoch = 2; epoch < 4; ++epoch) {
    LogWriter log({.folder = dir / "log", .segment_size = segment_size});
    CHECK(log.end() == (epoch == 2 ? 100 : 101));
    append_made(log, 1);
    log.sync();
    std::unique_ptr<RecordReader> reader = log.reader();
    Found found = read_all(*reader, log.end());
    CHECK(found.gaps == repair.gaps);
    CHECK(found.all_made);
  }
}
