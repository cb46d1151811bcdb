#include <random>
#include <tuple>

#include <doctest/doctest.h>
#include <sqlite3.h>

#include <shoal/store/database.hpp>
#include <shoal/store/ledger.hpp>

#include "support.hpp"

using namespace shoal;
using namespace shoal::store;
using namespace store_test;

namespace {

constexpr std::uint64_t commits = 6;

// One transaction that touches two tables, so that half of it would show.
void commit_step(Ledger& ledger, std::uint64_t step) {
  JobRow row{.job = Id::of_name("job"), .name = "job", .facts = std::to_string(step)};
  row.done.insert({0, step * 10});
  ledger.put_job(row);
  ledger.put_length("out", step);
  ledger.commit();
}

// The step that `ledger` stands at; nothing when its tables disagree.
std::optional<std::uint64_t> step_of(const Ledger& ledger) {
  std::vector<JobRow> jobs = ledger.jobs();
  if (jobs.size() != 1) return std::nullopt;
  std::uint64_t step = ledger.lengths().at("out");
  bool agree = jobs[0].facts == std::to_string(step) && jobs[0].done.count() == step * 10;
  return agree ? std::optional(step) : std::nullopt;
}

// A ledger as `kill -9` leaves it: nothing closed, everything still in the write-ahead log.
struct Image {
  std::string file;
  std::string log;
  std::size_t last = 0;  // where in the log the last transaction begins

  void restore(const fs::path& path) const { restore(path, log); }
  void restore(const fs::path& path, std::string_view other_log) const {
    write_file(path, file);
    write_file(path.string() + "-wal", other_log);
  }
};

Image make_image(const TempDir& dir) {
  fs::path path = dir / "image";
  fs::path log = dir / "image-wal";
  Child child([&] {
    Ledger ledger(path, "sink");
    for (std::uint64_t step = 1; step < commits; ++step) commit_step(ledger, step);
    write_file(dir / "last", std::to_string(fs::file_size(log)));
    commit_step(ledger, commits);
    _exit(0);
    return 0;
  });
  REQUIRE(child.wait() == 0);
  return {read_file(path), read_file(log), std::stoul(read_file(dir / "last"))};
}

// Opens what stands at `path`, goes one commit on, and reads that back. Returns the step found.
std::optional<std::uint64_t> reopen_and_go_on(const fs::path& path) {
  std::optional<std::uint64_t> found;
  {
    Ledger ledger(path, "sink");
    if (ledger.created()) return std::nullopt;
    found = step_of(ledger);
    commit_step(ledger, 99);
  }
  Ledger ledger(path, "sink");
  return step_of(ledger) == 99 ? found : std::nullopt;
}

// Runs SQL on a file that no Ledger has open.
void alter(const fs::path& path, const char* sql) {
  sqlite3* handle = nullptr;
  REQUIRE(sqlite3_open(path.c_str(), &handle) == SQLITE_OK);
  CHECK(sqlite3_exec(handle, sql, nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(handle);
}

void make_ledger(const fs::path& path, std::uint64_t step = 1) {
  Ledger ledger(path, "sink");
  commit_step(ledger, step);
}

std::optional<Error> opening(const fs::path& path, std::string_view purpose = "sink") {
  return error_of([&] { Ledger ledger(path, purpose); });
}

}  // namespace

TEST_CASE("ledger faults: its log cut at every byte of the last transaction") {
  TempDir dir;
  Image image = make_image(dir);
  REQUIRE(image.last > 0);
  REQUIRE(image.last < image.log.size());
  std::size_t wrong = 0;
  for (std::size_t cut = image.last; cut < image.log.size(); ++cut) {
    image.restore(dir / "ledger", std::string_view(image.log).substr(0, cut));
    if (reopen_and_go_on(dir / "ledger") != commits - 1) ++wrong;
  }
  CHECK(wrong == 0);
  image.restore(dir / "ledger");
  CHECK(reopen_and_go_on(dir / "ledger") == commits);
}

TEST_CASE("ledger faults: the last transaction of its log garbled") {
  TempDir dir;
  Image image = make_image(dir);
  std::mt19937_64 random(5);
  std::size_t wrong = 0;
  for (std::size_t at = image.last; at < image.log.size(); at += 1 + random() % 13) {
    std::string log = image.log;
    log[at] = static_cast<char>(log[at] ^ (1 + random() % 255));
    image.restore(dir / "ledger", log);
    if (reopen_and_go_on(dir / "ledger") != commits - 1) ++wrong;
  }
  for (std::size_t length = 1; length < image.log.size() - image.last; length += 97) {
    std::string log = image.log;
    for (std::size_t i = log.size() - length; i < log.size(); ++i) {
      log[i] = static_cast<char>(random());
    }
    image.restore(dir / "ledger", log);
    if (reopen_and_go_on(dir / "ledger") != commits - 1) ++wrong;
  }
  CHECK(wrong == 0);
}

TEST_CASE("ledger faults: opening brings the log over, so that a lost log costs nothing") {
  TempDir dir;
  Image image = make_image(dir);
  image.restore(dir / "ledger");
  Child child([&] {
    Ledger ledger(dir / "ledger", "sink");
    _exit(fs::file_size(dir / "ledger-wal") == 0 ? 0 : 1);
    return 1;
  });
  CHECK(child.wait() == 0);
  fs::remove(dir / "ledger-wal");
  CHECK(reopen_and_go_on(dir / "ledger") == commits);
}

TEST_CASE("ledger faults: a file of garbage is told, and left as it was") {
  TempDir dir;
  std::mt19937_64 random(3);
  for (std::size_t size : {1, 99, 100, 4096, 20000}) {
    std::string garbage(size, '\0');
    for (char& byte : garbage) byte = static_cast<char>(random() | 1);
    write_file(dir / "ledger", garbage);
    CHECK(says(opening(dir / "ledger"), ExitCode::bad_data, "not a shoal ledger"));
    CHECK(read_file(dir / "ledger") == garbage);
  }
}

TEST_CASE("ledger faults: damage within the file is told") {
  TempDir dir;
  make_ledger(dir / "ledger");
  std::string whole = read_file(dir / "ledger");
  std::size_t told = 0;
  for (std::size_t page = 1; page < whole.size() / 4096; ++page) {
    std::string bad = whole;
    bad.replace(page * 4096, 512, 512, '\xa5');
    write_file(dir / "ledger", bad);
    if (says(opening(dir / "ledger"), ExitCode::bad_data, "is damaged; restore it")) ++told;
  }
  CHECK(told == whole.size() / 4096 - 1);
  write_file(dir / "ledger", std::string_view(whole).substr(0, whole.size() - 4096));
  CHECK(says(opening(dir / "ledger"), ExitCode::bad_data, "is damaged; restore it"));
}

TEST_CASE("ledger faults: one wrong bit is told, or changes nothing") {
  TempDir dir;
  {
    Ledger ledger(dir / "ledger", "sink");
    Id job = Id::of_name("job");
    ledger.add_mark(job, {.tasks = 3, .bytes = 30, .hash = 77});
    ledger.add_spooled({.job = job, .range = {5, 2}, .offset = 0, .size = 9, .note = "note"});
    ledger.put_cursor({.stream = Id::of_name("stream"), .epoch = 2, .next = 7});
    commit_step(ledger, 1);
  }
  const std::string whole = read_file(dir / "ledger");
  auto contents = [&] {
    Ledger ledger(dir / "ledger", "sink");
    return std::tuple(ledger.id(), ledger.jobs(), ledger.marks(Id::of_name("job")),
                      ledger.lengths(), ledger.spooled(), ledger.cursors());
  };
  const auto right = contents();
  std::size_t told = 0;
  std::size_t wrong = 0;
  std::mt19937_64 random(7);
  for (std::size_t at = 0; at < whole.size(); ++at) {
    if (whole[at] == 0) continue;
    std::string bad = whole;
    bad[at] = static_cast<char>(bad[at] ^ (1 << random() % 8));
    write_file(dir / "ledger", bad);
    if (error_of([&] { wrong += contents() == right ? 0 : 1; })) ++told;
  }
  CHECK(wrong == 0);
  CHECK(told > 400);
}

TEST_CASE("ledger faults: a set of numbers that is none is told") {
  TempDir dir;
  make_ledger(dir / "ledger");
  {
    Database database(dir / "ledger");
    database.execute(
        "UPDATE job SET done = x'ff',"
        " sum = xxh3(job, name, total, closed, x'ff', failed, facts)");
  }
  Ledger ledger(dir / "ledger", "sink");
  CHECK(says(error_of([&] { (void)ledger.jobs(); }), ExitCode::bad_data, "is damaged"));
}

TEST_CASE("ledger faults: another purpose, another format, another program's file") {
  TempDir dir;
  make_ledger(dir / "ledger");
  CHECK(says(opening(dir / "ledger", "ventilator"), ExitCode::bad_data,
             "belongs to a sink, not to a ventilator; name another file"));
  alter(dir / "ledger", "PRAGMA user_version = 4");
  CHECK(says(opening(dir / "ledger"), ExitCode::bad_data, "has format 4 and this shoal reads 3"));
  alter(dir / "other", "CREATE TABLE theirs (a)");
  CHECK(says(opening(dir / "other"), ExitCode::bad_data, "not a shoal ledger"));
  alter(dir / "stamped", "PRAGMA application_id = 7");
  CHECK(says(opening(dir / "stamped"), ExitCode::bad_data, "not a shoal ledger"));
}

TEST_CASE("ledger faults: a file that another process holds") {
  TempDir dir;
  make_ledger(dir / "ledger");
  Pipe held;
  Child child([&] {
    held.only_tell();
    Ledger ledger(dir / "ledger", "sink");
    held.tell();
    pause();
    return 0;
  });
  held.only_hear();
  REQUIRE(held.hear());
  CHECK(says(opening(dir / "ledger"), ExitCode::error, "in use by another shoal process"));
  child.kill();
  child.wait();
  CHECK_FALSE(opening(dir / "ledger"));
}

TEST_CASE("ledger faults: the same file twice in one process") {
  TempDir dir;
  Ledger ledger(dir / "ledger", "sink");
  commit_step(ledger, 1);
  CHECK(says(opening(dir / "ledger"), ExitCode::error, "in use by another shoal process"));
  commit_step(ledger, 2);
  CHECK(step_of(ledger) == 2);
}

TEST_CASE("ledger faults: places where none can be") {
  TempDir dir;
  CHECK(says(opening(""), ExitCode::usage, "needs a file name"));
  CHECK(says(opening(dir.path()), ExitCode::error, "not a regular file"));
  CHECK(says(opening("/dev/null"), ExitCode::error, "not a regular file"));
  CHECK(says(opening(dir / "no/such/ledger"), ExitCode::error, "No such file or directory"));
}

TEST_CASE("ledger faults: a directory and a file that may not be written") {
  TempDir dir;
  make_ledger(dir / "ledger");
  fs::permissions(dir.path(), fs::perms(0555));
  Child child([&] {
    if (getuid() == 0 && setuid(65534) != 0) return 3;
    if (!says(opening(dir / "new"), ExitCode::error, "Permission denied")) return 1;
    if (!says(opening(dir / "ledger"), ExitCode::error, "Permission denied")) return 2;
    return 0;
  });
  CHECK(child.wait() == 0);
  fs::permissions(dir.path(), fs::perms(0755));
  CHECK_FALSE(opening(dir / "ledger"));
}

TEST_CASE("ledger faults: a full disk ends it, and the same command goes on once there is space") {
  TempDir dir;
  Child child([&] {
    if (!mount_one_mebibyte(dir.path())) return 77;
    auto full = [](const std::optional<Error>& error) {
      return says(error, ExitCode::incomplete, "free some space and run the same command again");
    };
    std::uint64_t step = 0;
    std::optional<Error> first;
    {
      Ledger ledger(dir / "ledger", "sink");
      write_file(dir / "ballast", std::string(700 * 1024, 'x'));
      while (!first && step < 1000) {
        first = error_of([&] { commit_step(ledger, step + 1); });
        if (!first) ++step;
      }
      if (!full(first)) return 1;
      fs::remove(dir / "ballast");
      if (!full(error_of([&] { ledger.commit(); }))) return 2;
      if (!full(error_of([&] { ledger.put_length("out", 0); }))) return 3;
      if (!full(error_of([&] { (void)ledger.jobs(); }))) return 4;
    }
    std::optional<std::uint64_t> found = reopen_and_go_on(dir / "ledger");
    return step > 0 && found == step ? 0 : 5;
  });
  int status = child.wait();
  if (status == 77) {
    MESSAGE("skipped: mounting a small file system is not allowed here");
  } else {
    CHECK(status == 0);
  }
}
