#include <cerrno>
#include <csignal>
#include <iostream>
#include <memory>
#include <optional>
#include <random>
#include <unit/runtime/fixture.hpp>
#include <vector>

#include <doctest/doctest.h>

#include <shoal/base/clock.hpp>
#include <shoal/base/units.hpp>
#include <shoal/runtime/line_process.hpp>

using namespace shoal;
using namespace shoal::runtime;
using namespace std::chrono_literals;
using Kind = Outcome::Kind;

namespace {

/// A LineProcess with all that it tells.
struct Filter {
  explicit Filter(LineProcessOptions options)
      : process(
            reactor, std::move(options),
            [this](Bytes lines, std::uint64_t count) {
              units.push_back(std::string(lines.view()));
              counts.push_back(count);
            },
            [this](LineDeath got) {
              CHECK_FALSE(death.has_value());
              death = std::move(got);
            }) {}
  explicit Filter(std::vector<std::string> argv) : Filter(options_of(std::move(argv))) {}

  static LineProcessOptions options_of(std::vector<std::string> argv) {
    LineProcessOptions options;
    options.command.argv = std::move(argv);
    return options;
  }

  void give(const std::string& lines, std::uint64_t count) {
    process.give(Bytes::copy(lines), count);
  }
  const LineDeath& until_death() {
    run_until(reactor, [this] { return death.has_value(); });
    return *death;
  }

  Reactor reactor;
  std::vector<std::string> units;
  std::vector<std::uint64_t> counts;
  std::optional<LineDeath> death;
  LineProcess process;
};

std::string numbered(std::size_t from, std::size_t count) {
  std::string lines;
  for (std::size_t i = from; i < from + count; ++i) lines += "line " + std::to_string(i) + "\n";
  return lines;
}

}  // namespace

TEST_CASE("line process: a million lines come back unit by unit") {
  constexpr std::size_t units = 100;
  constexpr std::size_t lines = 10'000;
  Filter filter({"cat"});
  std::vector<std::string> given;
  for (std::size_t i = 0; i < units; ++i) given.push_back(numbered(i * lines, lines));
  auto began = std::chrono::steady_clock::now();
  for (const std::string& unit : given) filter.give(unit, lines);
  run_until(filter.reactor, [&] { return filter.units.size() == units || filter.death; });
  double took = seconds(std::chrono::steady_clock::now() - began);
  CHECK(filter.units == given);
  CHECK(filter.process.units() == 0);
  std::cout << "line process: " << format_rate(units * lines / took) << " through cat\n";
}

TEST_CASE("line process: unit borders hold for any sizes of units and blocks") {
  std::mt19937 random(11);
  for (std::size_t block : {1, 7, 64, 4096}) {
    LineProcessOptions options = Filter::options_of({"cat"});
    options.block_bytes = block;
    Filter filter(std::move(options));
    std::vector<std::string> given;
    std::vector<std::uint64_t> counts;
    for (int i = 0; i < 200; ++i) {
      counts.push_back(1 + random() % 5);
      std::string unit;
      for (std::uint64_t line = 0; line < counts.back(); ++line) {
        unit += std::string(random() % 40, 'y') + "\n";
      }
      given.push_back(unit);
      filter.give(unit, counts.back());
    }
    run_until(filter.reactor, [&] { return filter.units.size() == given.size() || filter.death; });
    CHECK(filter.units == given);
    CHECK(filter.counts == counts);
  }
}

TEST_CASE("line process: any byte may be the delimiter") {
  LineProcessOptions options = Filter::options_of({"cat"});
  options.delimiter = '\0';
  Filter filter(std::move(options));
  std::string unit("one\nline\0two\0", 13);
  filter.give(unit, 2);
  run_until(filter.reactor, [&] { return !filter.units.empty() || filter.death; });
  CHECK(filter.units.at(0) == unit);
}

TEST_CASE("line process: more may be given when lines come back") {
  Reactor reactor;
  int back = 0;
  std::unique_ptr<LineProcess> process;
  process = std::make_unique<LineProcess>(
      reactor, Filter::options_of({"cat"}),
      [&](Bytes, std::uint64_t) {
        if (++back < 100) process->give(Bytes::copy("again\n"), 1);
      },
      [](const LineDeath&) { FAIL("cat died"); });
  process->give(Bytes::copy("first\n"), 1);
  run_until(reactor, [&] { return back == 100; });
}

TEST_CASE("line process: closing its input ends it in its own time") {
  Filter filter({"tac"});
  filter.give("1\n2\n3\n", 3);
  filter.process.close_input();
  const LineDeath& death = filter.until_death();
  CHECK(death.outcome.ok());
  CHECK(death.outstanding == 0);
  REQUIRE(filter.units.size() == 1);
  CHECK(filter.units[0] == "3\n2\n1\n");
}

TEST_CASE("line process: closing its input lets all that was given out first") {
  Filter filter({"cat"});
  std::string big = numbered(0, 500'000);  // more than any pipe holds
  filter.give(big, 500'000);
  filter.process.close_input();
  CHECK(filter.until_death().outcome.ok());
  CHECK(filter.units.at(0) == big);
}

TEST_CASE("line process: a death in mid-work says how far it got") {
  Filter filter({"head", "-n", "15"});
  filter.give(numbered(0, 10), 10);
  filter.give(numbered(10, 10), 10);
  filter.give(numbered(20, 10), 10);
  const LineDeath& death = filter.until_death();
  CHECK(death.outcome.ok());
  CHECK(death.outstanding == 20);
  CHECK(death.answered == 5);
  REQUIRE(filter.units.size() == 1);
  CHECK(filter.units[0] == numbered(0, 10));
}

TEST_CASE("line process: a death by signal, with the last of stderr") {
  Filter filter({"sh", "-c", "read x; echo oops >&2; kill -ABRT $$"});
  filter.give("x\n", 1);
  const LineDeath& death = filter.until_death();
  CHECK(death.outcome.kind == Kind::signalled);
  CHECK(death.outcome.status == SIGABRT);
  CHECK(death.outcome.error_tail == "oops\n");
  CHECK(death.outstanding == 1);
}

TEST_CASE("line process: more lines than it was given are a fault") {
  // Where they come together nobody knows which is the answer.
  Filter filter({"sh", "-c", "while read x; do printf '%s\\n%s\\n' $x $x; done"});
  filter.give("x\n", 1);
  const LineDeath& death = filter.until_death();
  CHECK(death.outcome.kind == Kind::misbehaved);
  CHECK(describe(death.outcome) == "wrote more lines than it was given");
  CHECK(death.outstanding == 1);
  CHECK(death.answered == 0);
  CHECK(filter.units.empty());
}

TEST_CASE("line process: output before any work is a fault") {
  Filter filter({"sh", "-c", "echo hello; exec cat"});
  CHECK(filter.until_death().outcome.kind == Kind::misbehaved);
}

TEST_CASE("line process: closing stdout without an exit is a fault") {
  Filter filter({"sh", "-c", "exec sleep 1000 >&-"});
  filter.give("x\n", 1);
  const LineDeath& death = filter.until_death();
  CHECK(death.outcome.kind == Kind::misbehaved);
  CHECK(death.outcome.fault == "closed its stdout");
  CHECK(death.outstanding == 1);
}

TEST_CASE("line process: a line without end meets the limit") {
  LineProcessOptions options = Filter::options_of({"cat", "/dev/zero"});
  options.output_limit = 1 << 20;
  Filter filter(std::move(options));
  filter.give("x\n", 1);
  CHECK(filter.until_death().outcome.kind == Kind::output_too_large);
}

TEST_CASE("line process: a program that is not there is a death") {
  Filter filter({"shoal-has-no-such-program"});
  filter.give("x\n", 1);
  const LineDeath& death = filter.until_death();
  CHECK(death.outcome.kind == Kind::not_started);
  CHECK(death.outcome.status == ENOENT);
  CHECK(death.outstanding == 1);
}

TEST_CASE("line process: destroying it kills it and leaves nothing open") {
  std::ptrdiff_t before = open_fds();
  pid_t pid = 0;
  {
    Filter filter({"cat"});
    pid = filter.process.pid();
    REQUIRE(pid > 0);
  }
  CHECK(kill(pid, 0) == -1);
  CHECK(open_fds() == before);
}
