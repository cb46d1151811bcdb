#include <doctest/doctest.h>

#include <shoal/store/cursor_file.hpp>

#include "support.hpp"

using namespace shoal;
using namespace shoal::store;
using namespace store_test;

namespace {

const Id stream = Id::of_name("stream");

std::string line(std::uint64_t number) {
  return std::to_string(number) + "\n";
}

std::string lines(std::uint64_t end) {
  std::string all;
  for (std::uint64_t number = 0; number < end; ++number) all += line(number);
  return all;
}

std::uint64_t next_of(const CursorFile& file) {
  return file.cursors().empty() ? 0 : file.cursors().front().next;
}

}  // namespace

TEST_CASE("cursor file: the output is another file, whatever it is called") {
  TempDir dir;
  fs::path roundabout = dir.path() / ".." / dir.path().filename() / "c";
  for (const fs::path& output : {dir / "c", dir / "./c", roundabout}) {
    CHECK(says(error_of([&] { CursorFile cursor(dir / "c", output); }), ExitCode::usage,
               "is where the cursor is kept"));
    CHECK_FALSE(fs::exists(dir / "c"));
  }
}

TEST_CASE("cursor file: keeps a cursor a stream, and only what was committed") {
  TempDir dir;
  CursorRow first{Id::of_name("a"), 1, 10};
  CursorRow second{Id::of_name("b"), 7, 0};
  {
    CursorFile file(dir / "cursor");
    CHECK(file.cursors().empty());
    file.put(first);
    file.put(second);
    file.commit();
    second.next = 5;
    file.put(second);
    file.commit();
    file.put({first.stream, 2, 99});
  }
  CursorFile file(dir / "cursor");
  std::vector<CursorRow> rows = file.cursors();
  REQUIRE(rows.size() == 2);
  for (const CursorRow& row : rows) CHECK(row == (row.stream == first.stream ? first : second));
}

TEST_CASE("cursor file: is one reader's at a time, and no other ledger") {
  TempDir dir;
  { Ledger ledger(dir / "ledger", "sink"); }
  CHECK(says(error_of([&] { CursorFile file(dir / "ledger"); }), ExitCode::bad_data,
             "belongs to a sink"));
  CursorFile file(dir / "cursor");
  Child child([&] {
    return says(error_of([&] { CursorFile other(dir / "cursor"); }), ExitCode::error, "") ? 0 : 1;
  });
  CHECK(child.wait() == 0);
}

TEST_CASE("cursor file: an output is cut back to its cursors; what was there before stays") {
  TempDir dir;
  write_file(dir / "out", "before\n");
  {
    CursorFile file(dir / "cursor", dir / "out");
    file.append(Bytes::copy(line(0)));
    file.put({stream, 1, 1});
    file.commit();
  }
  write_file(dir / "out", "before\n0\n1\n");
  CursorFile file(dir / "cursor", dir / "out");
  CHECK(file.cut() == 2);
  CHECK(next_of(file) == 1);
  CHECK(read_file(dir / "out") == "before\n0\n");
}

TEST_CASE("cursor file: an output that lost what its cursors count is refused") {
  TempDir dir;
  {
    CursorFile file(dir / "cursor", dir / "out");
    file.append(Bytes::copy(line(0)));
    file.put({stream, 1, 1});
    file.commit();
  }
  write_file(dir / "out", "0");
  CHECK(says(error_of([&] { CursorFile file(dir / "cursor", dir / "out"); }), ExitCode::bad_data,
             "has 1 bytes where its ledger counts 2"));
  fs::remove(dir / "out");
  CHECK(says(error_of([&] { CursorFile file(dir / "cursor", dir / "out"); }), ExitCode::bad_data,
             "has 0 bytes"));
}

TEST_CASE("cursor file: output and cursor go on together over forty kills") {
  TempDir dir;
  for (int cycle = 0; cycle < 40; ++cycle) {
    Pipe told;
    Child child([&] {
      told.only_tell();
      CursorFile file(dir / "cursor", dir / "out");
      for (std::uint64_t next = next_of(file);; ++next) {
        file.append(Bytes::copy(line(next)));
        file.put({stream, 1, next + 1});
        if (next % 3 == 0) file.commit();
        told.tell();
      }
      return 0;
    });
    told.only_hear();
    for (int i = 0; i < 20 + cycle % 7; ++i) REQUIRE(told.hear());
    child.kill();
    CHECK(child.wait() == 128 + SIGKILL);
    CursorFile file(dir / "cursor", dir / "out");
    std::uint64_t next = next_of(file);
    CHECK(read_file(dir / "out") == lines(next));
    CHECK(next > 10 * static_cast<std::uint64_t>(cycle));
  }
}
