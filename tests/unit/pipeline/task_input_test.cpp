#include <unit/runtime/fixture.hpp>

#include <doctest/doctest.h>

#include <shoal/base/error.hpp>
#include <shoal/pipeline/task_input.hpp>

using namespace shoal;
using namespace shoal::pipeline;

namespace {

/// All tasks of an input, as `number:task` each.
std::vector<std::string> tasks_of(TaskInputOptions options, Journal* journal = nullptr) {
  runtime::Reactor reactor;
  bool ready = true;
  TaskInput input(reactor, std::move(options), journal, [&] { ready = true; });
  std::vector<std::string> tasks;
  bool ended = false;
  run_until(reactor, [&] {
    if (!std::exchange(ready, false)) return false;
    wire::Batch batch;
    TaskInput::State state{};
    while ((state = input.next(batch)) == TaskInput::State::batch) {
      REQUIRE(batch.well_formed());
      for (Seq seq = batch.range.first; seq < batch.range.end(); ++seq) {
        tasks.push_back(std::to_string(seq) + ":" + std::string(batch.record(seq).view()));
      }
    }
    ended = state == TaskInput::State::end;
    return ended;
  });
  return tasks;
}

std::string number_lines(int count) {
  std::string text;
  for (int line = 0; line < count; ++line) text += std::to_string(line) + "\n";
  return text;
}

}  // namespace

TEST_CASE("tasks are numbered through all files, and a last line without its end is one too") {
  TempDir dir;
  TaskInputOptions options{.files = {dir.write("one", "a\nb\n"), dir.write("two", "c\nd")}};
  CHECK(tasks_of(options) == std::vector<std::string>{"0:a\n", "1:b\n", "2:c\n", "3:d\n"});
}

TEST_CASE("with --whole each file is one task, an empty one too") {
  TempDir dir;
  TaskInputOptions options{.files = {dir.write("one", "a\nb\n"), dir.write("two", "")},
                           .whole = true};
  CHECK(tasks_of(options) == std::vector<std::string>{"0:a\nb\n", "1:"});
  CHECK(TaskInput::kind(options) != TaskInput::kind({}));
}

TEST_CASE("a task that is too long is told by its line") {
  TempDir dir;
  TaskInputOptions options{.files = {dir.write("one", "a\n" + std::string(100, 'x') + "\n")},
                           .max_task = 50};
  CHECK_THROWS_WITH_AS(tasks_of(options), doctest::Contains("2"), Error);
}

TEST_CASE("input that differs from a former run's is refused before any of it is handed out") {
  TempDir dir;
  std::string name = dir.write("in", number_lines(1000));
  {
    Journal journal(dir.file("journal"), "", TaskInput::kind({}));
    CHECK(tasks_of({.files = {name}}, &journal).size() == 1000);
    JobState state;
    state.done.insert({0, 10});
    journal.commit(state, std::nullopt, false);
  }
  {
    Journal journal(dir.file("journal"), "", TaskInput::kind({}));
    CHECK(tasks_of({.files = {name}}, &journal).size() == 1000);
  }
  dir.write("in", "x" + number_lines(1000));
  Journal journal(dir.file("journal"), "", TaskInput::kind({}));
  CHECK_THROWS_AS(tasks_of({.files = {name}}, &journal), Error);
}
