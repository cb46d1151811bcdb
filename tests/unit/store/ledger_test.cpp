#include <doctest/doctest.h>

#include <shoal/store/format.hpp>
#include <shoal/store/ledger.hpp>

#include "support.hpp"

using namespace shoal;
using namespace shoal::store;
using namespace store_test;

namespace {

JobRow job_row(std::string_view name, std::uint64_t tasks) {
  JobRow row{.job = Id::of_name(name), .name = std::string(name)};
  row.done.insert({0, tasks});
  row.done.insert({tasks + 10, 5});
  row.failed.insert({tasks + 2, 3});
  row.total = tasks + 20;
  row.facts = std::string("\0\xff facts", 8);
  return row;
}

std::size_t files_in(const fs::path& directory) {
  return static_cast<std::size_t>(
      std::distance(fs::directory_iterator(directory), fs::directory_iterator()));
}

}  // namespace

TEST_CASE("ledger: what was committed reads back, and one file remains after closing") {
  TempDir dir;
  JobRow first = job_row("first", 100);
  JobRow second{.job = Id::of_name("second"), .closed = true};
  InputMark mark{7, 70, ~std::uint64_t{0}};
  SpoolRow spooled{first.job, {200, 50}, 0, 4096, std::string("\x00\x01", 2)};
  Id id;
  {
    Ledger ledger(dir / "ledger", "sink");
    CHECK(ledger.created());
    id = ledger.id();
    CHECK_FALSE(id.is_nil());
    ledger.put_job(first);
    ledger.put_job(second);
    ledger.add_mark(first.job, {3, 30, 1});
    ledger.add_mark(first.job, mark);
    ledger.add_mark(second.job, {1, 1, 1});
    ledger.put_length("out file", 12345);
    ledger.add_spooled(spooled);
    ledger.commit();
  }
  CHECK(files_in(dir.path()) == 1);
  Ledger ledger(dir / "ledger", "sink");
  CHECK_FALSE(ledger.created());
  CHECK(ledger.id() == id);
  CHECK(ledger.jobs() == std::vector<JobRow>{first, second});
  CHECK(ledger.marks(first.job) == std::vector<InputMark>{{3, 30, 1}, mark});
  CHECK(ledger.marks(Id::of_name("unknown")).empty());
  CHECK(ledger.lengths() == std::map<std::string, std::uint64_t>{{"out file", 12345}});
  CHECK(ledger.spooled() == std::vector<SpoolRow>{spooled});
}

TEST_CASE("ledger: a later put takes the place of an earlier one") {
  TempDir dir;
  JobRow row = job_row("job", 10);
  {
    Ledger ledger(dir / "ledger", "sink");
    ledger.put_job(row);
    ledger.put_job(job_row("other", 1));
    ledger.put_length("out", 1);
    ledger.add_spooled({row.job, {5, 5}, 0, 10, ""});
    ledger.add_spooled({row.job, {20, 5}, 18, 10, "late"});
    ledger.commit();
    row.done.insert({0, 1000});
    row.total.reset();
    row.facts.clear();
    ledger.put_job(row);
    ledger.put_length("out", 2);
    ledger.drop_spooled(row.job, 5);
    ledger.drop_spooled(row.job, 6);
    ledger.commit();
  }
  Ledger ledger(dir / "ledger", "sink");
  CHECK(ledger.jobs() == std::vector<JobRow>{row, job_row("other", 1)});
  CHECK(ledger.lengths() == std::map<std::string, std::uint64_t>{{"out", 2}});
  CHECK(ledger.spooled() == std::vector<SpoolRow>{{row.job, {20, 5}, 18, 10, "late"}});
}

TEST_CASE("ledger: what was not committed is gone") {
  TempDir dir;
  {
    Ledger ledger(dir / "ledger", "sink");
    ledger.put_length("kept", 1);
    ledger.commit();
    ledger.commit();
    ledger.put_length("kept", 2);
    ledger.put_job(job_row("lost", 1));
    CHECK(ledger.jobs().size() == 1);
  }
  Ledger ledger(dir / "ledger", "sink");
  CHECK(ledger.jobs().empty());
  CHECK(ledger.lengths() == std::map<std::string, std::uint64_t>{{"kept", 1}});
}

TEST_CASE("ledger: forgetting leaves the id alone") {
  TempDir dir;
  Id id;
  {
    Ledger ledger(dir / "ledger", "ventilator");
    id = ledger.id();
    ledger.put_job(job_row("job", 5));
    ledger.add_mark(Id::of_name("job"), {1, 2, 3});
    ledger.put_length("out", 9);
    ledger.add_spooled({Id::of_name("job"), {1, 1}, 0, 1, ""});
    ledger.commit();
    ledger.forget_everything_but_id();
    ledger.put_length("new", 0);
    ledger.commit();
  }
  Ledger ledger(dir / "ledger", "ventilator");
  CHECK(ledger.id() == id);
  CHECK(ledger.jobs().empty());
  CHECK(ledger.marks(Id::of_name("job")).empty());
  CHECK(ledger.lengths() == std::map<std::string, std::uint64_t>{{"new", 0}});
  CHECK(ledger.spooled().empty());
}

TEST_CASE("ledger: a long run of commits stays small on disk") {
  TempDir dir;
  Ledger ledger(dir / "ledger", "sink");
  JobRow row = job_row("job", 1);
  for (std::uint64_t i = 1; i <= 5000; ++i) {
    row.done.insert({0, i * 100});
    ledger.put_job(row);
    ledger.put_length("out", i);
    ledger.commit();
  }
  CHECK(fs::file_size(dir / "ledger") < 128 * 1024);
  CHECK(fs::file_size(dir / "ledger-wal") < 5 * 1024 * 1024);
}

TEST_CASE("ledger: the format document and the schema say the same") {
  std::string document = read_file(SHOAL_STORE_FORMAT_MD);
  CHECK(document.find(std::string("```sql") + ledger_schema + "```") != std::string::npos);
  CHECK(document.find(std::string("```sql") + replies_schema + "```") != std::string::npos);
  CHECK(document.find("0x73686f72") != std::string::npos);
  CHECK(replies_application_id == 0x73686f72);
  SeqSet example;
  example.insert({5, 10});
  example.insert({16, 128});
  CHECK(document.find("`05 0a 01 80 01` is 5 to 14 and 16 to 143") != std::string::npos);
  CHECK(example.encode() == "\x05\x0a\x01\x80\x01");
  CHECK(document.find("0x73686f6c") != std::string::npos);
  CHECK(ledger_application_id == 0x73686f6c);
  CHECK(document.find("user version " + std::to_string(ledger_format)) != std::string::npos);
}
