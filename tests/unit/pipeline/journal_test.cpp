#include <string>

#include <doctest/doctest.h>

#include <shoal/base/error.hpp>
#include <shoal/pipeline/journal.hpp>

#include "support/temp_dir.hpp"

using namespace shoal;
using namespace shoal::pipeline;

namespace {

SeqSet set_of(SeqRange range) {
  SeqSet set;
  set.insert(range);
  return set;
}

std::string numbers(int first, int count) {
  std::string text;
  for (int i = first; i < first + count; ++i) text += std::to_string(i) + "\n";
  return text;
}

}  // namespace

TEST_CASE("journal: a later run of the same input goes on, whatever its blocks") {
  test::TempDir folder;
  Id job;
  {
    Journal journal(folder / "j", "nightly", "lines");
    job = journal.job();
    CHECK(job == Id::of_name("nightly"));
    journal.follow(numbers(0, 100), 100, '\n');
    JobState state{.done = set_of({0, 60}), .failed = set_of({60, 2}), .sinks = {Id::of_name("s")}};
    journal.commit(state, std::nullopt, false);
  }
  Journal journal(folder / "j", "nightly", "lines");
  CHECK(journal.job() == job);
  CHECK(journal.restored().done == set_of({0, 60}));
  CHECK(journal.restored().failed == set_of({60, 2}));
  CHECK(journal.restored().sinks == std::vector<Id>{Id::of_name("s")});
  CHECK(journal.verifying());
  journal.follow(numbers(0, 70), 70, '\n');
  CHECK(journal.verified() == 0);
  journal.follow(numbers(70, 80), 80, '\n');
  CHECK_FALSE(journal.verifying());
  CHECK(journal.verified() == 150);
  journal.end_of_input();
}

TEST_CASE("journal: other input, less input, another job, another kind are refused") {
  test::TempDir folder;
  auto path = folder / "j";
  {
    Journal journal(path, "", "lines");
    journal.follow(numbers(0, 100), 100, '\n');
    journal.commit({}, std::nullopt, false);
  }
  CHECK_THROWS_AS(Journal(path, "other", "lines"), Error);
  CHECK_THROWS_AS(Journal(path, "", "whole files"), Error);
  {
    Journal journal(path, "", "lines");
    CHECK_THROWS_AS(journal.follow(numbers(1, 100), 100, '\n'), Error);
  }
  Journal journal(path, "", "lines");
  journal.follow(numbers(0, 99), 99, '\n');
  try {
    journal.end_of_input();
    FAIL("less input than before was accepted");
  } catch (const Error& error) {
    CHECK(error.code() == ExitCode::bad_data);
  }
}

TEST_CASE("journal: marks do not pile up, and large input is verified as it comes") {
  test::TempDir folder;
  auto path = folder / "j";
  std::string block(1 << 20, 'x');
  block.back() = '\n';
  {
    Journal journal(path, "", "lines");
    for (int i = 0; i < 10; ++i) {
      journal.follow(block, 1, '\n');
      journal.commit({}, std::nullopt, false);
    }
  }
  {
    store::Ledger ledger(path, "ventilator");
    std::size_t marks = ledger.marks(ledger.jobs().front().job).size();
    CHECK(marks == 3);
  }
  Journal journal(path, "", "lines");
  for (int i = 0; i < 4; ++i) journal.follow(block, 1, '\n');
  CHECK(journal.verified() == 4);
  CHECK(journal.verifying());
}
