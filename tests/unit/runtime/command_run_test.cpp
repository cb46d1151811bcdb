#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <memory>
#include <optional>
#include <sys/stat.h>
#include <unit/runtime/fixture.hpp>

#include <doctest/doctest.h>

#include <shoal/runtime/command_run.hpp>

using namespace shoal;
using namespace shoal::runtime;
using namespace std::chrono_literals;
using Kind = Outcome::Kind;

namespace {

CommandSpec spec_of(std::vector<std::string> argv, Bytes input = {}) {
  CommandSpec spec;
  spec.command.argv = std::move(argv);
  spec.input = std::move(input);
  return spec;
}

CommandSpec shell(const std::string& script) {
  return spec_of({"sh", "-c", script});
}

Outcome run(Reactor& reactor, CommandSpec spec) {
  std::optional<Outcome> outcome;
  CommandRun command(reactor, std::move(spec), [&](Outcome got) {
    CHECK_FALSE(outcome.has_value());
    outcome = std::move(got);
  });
  CHECK_FALSE(outcome.has_value());  // told from the Reactor alone
  run_until(reactor, [&] { return outcome.has_value(); });
  return *outcome;
}

Outcome run(CommandSpec spec) {
  Reactor reactor;
  return run(reactor, std::move(spec));
}

}  // namespace

TEST_CASE("command run: input goes in, output and status come out") {
  Outcome outcome = run(spec_of({"cat"}, Bytes::copy("a task\n")));
  CHECK(outcome.ok());
  CHECK(outcome.output == "a task\n");
  Outcome failed = run(shell("echo out; echo err >&2; exit 3"));
  CHECK(failed.kind == Kind::exited);
  CHECK(failed.status == 3);
  CHECK(failed.output == "out\n");
  CHECK(failed.error_tail == "err\n");
  CHECK(describe(failed) == "exit code 3");
}

TEST_CASE("command run: without input stdin is empty") {
  CHECK(run(spec_of({"cat"})).output.empty());
}

TEST_CASE("command run: its pipes may stand where our closed stdin stood") {
  Reactor reactor;
  Fd kept(fcntl(0, F_DUPFD_CLOEXEC, 10));
  close(0);
  Outcome outcome = run(reactor, spec_of({"cat"}, Bytes::copy("a task\n")));
  if (kept) dup2(kept.get(), 0);
  CHECK(outcome.output == "a task\n");
}

TEST_CASE("command run: a death by signal") {
  Outcome outcome = run(shell("kill -SEGV $$"));
  CHECK(outcome.kind == Kind::signalled);
  CHECK(outcome.status == SIGSEGV);
  CHECK(describe(outcome) == "killed by SIGSEGV");
}

TEST_CASE("command run: a missing program is an outcome") {
  Outcome outcome = run(spec_of({"shoal-has-no-such-program"}, Bytes::copy("x")));
  CHECK(outcome.kind == Kind::not_started);
  CHECK(outcome.status == ENOENT);
  CHECK(describe(outcome) == "could not start: No such file or directory");
}

TEST_CASE("command run: megabytes pass through, in and out at once") {
  std::string text;
  while (text.size() < (8 << 20)) text += "line " + std::to_string(text.size()) + "\n";
  for (Duration watch_after : {Duration(0), Duration(5ms)}) {
    CommandSpec spec = spec_of({"cat"}, Bytes::copy(text));
    spec.watch_after = watch_after;
    Outcome outcome = run(std::move(spec));
    CHECK(outcome.ok());
    CHECK(outcome.output == text);
  }
}

TEST_CASE("command run: what a short command wrote is read at its exit, unwatched") {
  CommandSpec spec = shell("head -c 60000 /dev/zero; echo err >&2");
  spec.watch_after = 1h;
  Outcome outcome = run(std::move(spec));
  CHECK(outcome.output.size() == 60000);
  CHECK(outcome.error_tail == "err\n");
}

TEST_CASE("command run: a command need not read its input") {
  Bytes huge = Bytes::take(std::string(16 << 20, 'x'));
  CHECK(run(spec_of({"true"}, huge)).ok());
  Outcome some = run(spec_of({"head", "-c", "3"}, huge));
  CHECK(some.ok());
  CHECK(some.output == "xxx");
}

TEST_CASE("command run: output beyond the limit ends the command") {
  CommandSpec spec = spec_of({"yes"});
  spec.output_limit = 100'000;
  Outcome outcome = run(std::move(spec));
  CHECK(outcome.kind == Kind::output_too_large);
  CHECK(outcome.output.size() == 100'000);
  CommandSpec exact = spec_of({"head", "-c", "100000", "/dev/zero"});
  exact.output_limit = 100'000;
  CHECK(run(std::move(exact)).ok());
}

TEST_CASE("command run: the last of stderr is kept") {
  Outcome outcome = run(shell("seq 100000 >&2"));
  CHECK(outcome.ok());
  REQUIRE(outcome.error_tail.size() == Outcome::tail_bytes);
  CHECK(outcome.error_tail.substr(outcome.error_tail.size() - 13) == "99999\n100000\n");
}

TEST_CASE("command run: time up ends the whole group") {
  CommandSpec spec = shell("sleep 1000 & echo $!; sleep 1000");
  spec.timeout = 1s;
  Outcome outcome = run(std::move(spec));
  CHECK(outcome.kind == Kind::timed_out);
  REQUIRE_FALSE(outcome.output.empty());
  CHECK(ends(std::stoi(outcome.output)));
}

TEST_CASE("command run: what does not heed SIGTERM is killed") {
  CommandSpec spec = shell("trap '' TERM; echo $$; while true; do sleep 1000; done");
  spec.timeout = 1s;
  auto began = std::chrono::steady_clock::now();
  CHECK(run(std::move(spec)).kind == Kind::timed_out);
  CHECK(std::chrono::steady_clock::now() - began >= 1s + kill_grace);
}

TEST_CASE("command run: a command in time is not touched by its limit") {
  CommandSpec spec = shell("echo done");
  spec.timeout = 1h;
  CHECK(run(std::move(spec)).ok());
}

TEST_CASE("command run: what it leaves behind in its group is killed and not waited for") {
  Outcome outcome = run(shell("sleep 1000 & echo $!"));
  CHECK(outcome.ok());
  CHECK(ends(std::stoi(outcome.output)));
}

TEST_CASE("command run: it is over at its exit, though others still hold its stdout") {
  TempDir dir;
  std::string gate = dir.file("gate");
  REQUIRE(mkfifo(gate.c_str(), 0600) == 0);
  Reactor reactor;
  std::optional<Outcome> outcome;
  CommandRun command(reactor, shell("read go < '" + gate + "'; echo out"),
                     [&](Outcome got) { outcome = std::move(got); });
  std::string stdout_path = "/proc/" + std::to_string(command.pid()) + "/fd/1";
  Fd holder(open(stdout_path.c_str(), O_WRONLY | O_CLOEXEC));
  REQUIRE(holder);
  Fd opener(open(gate.c_str(), O_RDWR | O_CLOEXEC));
  REQUIRE(write(opener.get(), "go\n", 3) == 3);
  run_until(reactor, [&] { return outcome.has_value(); });
  CHECK(outcome->ok());
  CHECK(outcome->output == "out\n");
}

TEST_CASE("command run: closing stdout early is no end") {
  Outcome outcome = run(shell("echo early; exec >&-; exec 2>&-; seq 100000 | wc -l; exit 4"));
  CHECK(outcome.kind == Kind::exited);
  CHECK(outcome.status == 4);
  CHECK(outcome.output == "early\n");
}

TEST_CASE("command run: it may be destroyed while it runs and inside done") {
  Reactor reactor;
  auto running = std::make_unique<CommandRun>(reactor, spec_of({"sleep", "1000"}),
                                              [](Outcome) { FAIL("was destroyed"); });
  pid_t pid = running->pid();
  running.reset();
  CHECK(kill(pid, 0) == -1);
  std::unique_ptr<CommandRun> own;
  bool done = false;
  own = std::make_unique<CommandRun>(reactor, spec_of({"true"}), [&](Outcome) {
    own.reset();
    done = true;
  });
  run_until(reactor, [&] { return done; });
}

TEST_CASE("command run: end() ends it as its time limit would") {
  Reactor reactor;
  std::optional<Outcome> outcome;
  CommandRun command(reactor, spec_of({"sleep", "1000"}),
                     [&](Outcome got) { outcome = std::move(got); });
  command.end();
  run_until(reactor, [&] { return outcome.has_value(); });
  CHECK(outcome->kind == Kind::timed_out);
}

TEST_CASE("command run: no descriptor is left behind") {
  run(spec_of({"cat"}, Bytes::copy("x")));
  std::ptrdiff_t before = open_fds();
  run(spec_of({"cat"}, Bytes::copy("x")));
  run(spec_of({"shoal-has-no-such-program"}, Bytes::copy("x")));
  run(spec_of({"true"}, Bytes::take(std::string(1 << 20, 'x'))));
  CHECK(open_fds() == before);
}

TEST_CASE("substitute: the text is one literal argument, whatever stands in it") {
  for (std::string text : {"two words", "'single' \"double\"", "a\nb", "$(touch x) `id` ; | & *",
                           "{}", "%s\\n", "-n", "", "\xff\xfe"}) {
    auto argv = substitute({"printf", "%s|", "<{}{}>", "plain", "{}"}, text);
    REQUIRE(argv);
    CHECK(argv->size() == 5);
    Outcome outcome = run(spec_of(*argv));
    CHECK(outcome.ok());
    CHECK(outcome.output == "<" + text + text + ">|plain|" + text + "|");
  }
}

TEST_CASE("substitute: a NUL byte cannot be an argument, but may pass by stdin") {
  std::string_view text("a\0b", 3);
  CHECK_FALSE(substitute({"echo", "{}"}, text));
  auto argv = substitute({"cat"}, text);
  REQUIRE(argv);
  CHECK(run(spec_of(*argv, Bytes::copy(text))).output == text);
}
