#include <csignal>
#include <cstdlib>
#include <memory>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unit/runtime/fixture.hpp>

#include <doctest/doctest.h>

#include <shoal/base/error.hpp>
#include <shoal/runtime/pipe.hpp>
#include <shoal/runtime/process.hpp>
#include <shoal/runtime/startup.hpp>

using namespace shoal;
using namespace shoal::runtime;
using namespace std::chrono_literals;

namespace {

Command shell(const std::string& script) {
  return {.argv = {"sh", "-c", script}, .env = {}, .program = {}};
}

Exit run(const Command& command, const Stdio& stdio = {}) {
  Reactor reactor;
  std::optional<Exit> ended;
  Process process(reactor, [&](Exit exit) { ended = exit; });
  REQUIRE(process.start(command, stdio) == 0);
  run_until(reactor, [&] { return ended.has_value(); });
  CHECK_FALSE(process.running());
  return *ended;
}

std::string output_of(const Command& command) {
  Pipe pipe;
  REQUIRE(pipe.open() == 0);
  CHECK(run(command, {.in = 0, .out = pipe.in.get(), .err = 2}).status == 0);
  std::string text(bytes_in_pipe(pipe.out.get()), '\0');
  if (!text.empty()) REQUIRE(read(pipe.out.get(), text.data(), text.size()) > 0);
  return text;
}

}  // namespace

TEST_CASE("process: exit codes and deadly signals are told apart") {
  Exit exited = run(shell("exit 7"));
  CHECK_FALSE(exited.signalled);
  CHECK(exited.status == 7);
  Exit killed = run(shell("kill -KILL $$"));
  CHECK(killed.signalled);
  CHECK(killed.status == SIGKILL);
}

TEST_CASE("process: what cannot run is an errno") {
  Reactor reactor;
  Process process(reactor, [](Exit) { FAIL("it never ran"); });
  Command missing{.argv = {"shoal-has-no-such-program"}, .env = {}, .program = {}};
  CHECK(process.start(missing, {}) == ENOENT);
  CHECK_FALSE(process.running());
  Command folder{.argv = {"/"}, .env = {}, .program = "/"};
  CHECK(process.start(folder, {}) == EACCES);
  Command too_long{.argv = {"true", std::string(1 << 20, 'x')}, .env = {}, .program = {}};
  CHECK(process.start(too_long, {}) == E2BIG);
}

TEST_CASE("process: a Process can start again after its exit") {
  Reactor reactor;
  int exits = 0;
  Process process(reactor, [&](Exit) { ++exits; });
  for (int round = 1; round <= 3; ++round) {
    REQUIRE(process.start(shell("exit 0"), {}) == 0);
    run_until(reactor, [&] { return exits == round; });
  }
}

TEST_CASE("process: environment is added and replaced") {
  REQUIRE(setenv("SHOAL_TEST_OLD", "old", 1) == 0);
  REQUIRE(setenv("SHOAL_TEST_KEPT", "kept", 1) == 0);
  Command command{.argv = {"env"}, .env = {}, .program = {}};
  command.env = {"SHOAL_TEST_OLD=replaced", "SHOAL_TEST_NEW=a=b"};
  std::string all = "\n" + output_of(command);
  CHECK(all.find("\nSHOAL_TEST_OLD=replaced\n") != std::string::npos);
  CHECK(all.find("\nSHOAL_TEST_OLD=old\n") == std::string::npos);
  CHECK(all.find("\nSHOAL_TEST_KEPT=kept\n") != std::string::npos);
  CHECK(all.find("\nSHOAL_TEST_NEW=a=b\n") != std::string::npos);
}

TEST_CASE("process: the program run may differ from its name") {
  Command command = shell("echo $0");
  command.argv = {"not-a-program", "-c", "echo run"};
  command.program = "/bin/sh";
  CHECK(output_of(command) == "run\n");
}

TEST_CASE("process: a child has no signal blocked and the usual SIGPIPE") {
  ignore_sigpipe();
  CHECK(run(shell("kill -PIPE $$; exit 0")).status == SIGPIPE);
  sigset_t term;
  sigset_t before;
  sigemptyset(&term);
  sigaddset(&term, SIGTERM);
  REQUIRE(pthread_sigmask(SIG_BLOCK, &term, &before) == 0);
  CHECK(run(shell("kill -TERM $$; exit 0")).status == SIGTERM);
  REQUIRE(pthread_sigmask(SIG_SETMASK, &before, nullptr) == 0);
}

TEST_CASE("process: a child keeps the descriptor limit that we were started with") {
  rlimit before{};
  REQUIRE(getrlimit(RLIMIT_NOFILE, &before) == 0);
  rlimit low{before.rlim_max < 512 ? before.rlim_max : 512, before.rlim_max};
  REQUIRE(setrlimit(RLIMIT_NOFILE, &low) == 0);
  raise_fd_limit();
  rlimit raised{};
  REQUIRE(getrlimit(RLIMIT_NOFILE, &raised) == 0);
  CHECK(raised.rlim_cur == before.rlim_max);
  CHECK(output_of(shell("ulimit -n")) == std::to_string(low.rlim_cur) + "\n");
  CHECK_NOTHROW(require_fds(before.rlim_max));
  if (before.rlim_max == RLIM_INFINITY) return;
  CHECK_THROWS_WITH_AS(require_fds(before.rlim_max + 1), doctest::Contains("ulimit -n"), Error);
}

TEST_CASE("process: destroying one that runs kills its group") {
  Reactor reactor;
  Pipe pipe;
  REQUIRE(pipe.open() == 0);
  auto process = std::make_unique<Process>(reactor, [](Exit) { FAIL("was destroyed"); });
  REQUIRE(process->start(shell("sleep 1000 & echo $!; wait"), {0, pipe.in.get(), 2}) == 0);
  std::string line(32, '\0');
  REQUIRE(read(pipe.out.get(), line.data(), line.size()) > 0);
  pid_t leader = process->pid();
  process.reset();
  CHECK(kill(leader, 0) == -1);
  CHECK(ends(std::stoi(line)));
}

TEST_CASE("process: children die with a parent that is killed") {
  Pipe pipe;
  REQUIRE(pipe.open() == 0);
  pid_t parent = fork();
  REQUIRE(parent >= 0);
  if (parent == 0) {
    Reactor reactor;
    Process process(reactor, [](Exit) {});
    process.start({.argv = {"sleep", "1000"}, .env = {}, .program = {}}, {});
    pid_t pid = process.pid();
    if (write(pipe.in.get(), &pid, sizeof pid) < 0) _exit(1);
    while (true) reactor.run_once(1h);
  }
  pid_t child = 0;
  CHECK(read(pipe.out.get(), &child, sizeof child) == static_cast<ssize_t>(sizeof child));
  kill(parent, SIGKILL);
  waitpid(parent, nullptr, 0);
  REQUIRE(child > 0);
  CHECK(ends(child));
}

TEST_CASE("process: no descriptor is left behind") {
  run(shell("exit 0"));
  std::ptrdiff_t before = open_fds();
  for (int i = 0; i < 5; ++i) run(shell("exit 0"));
  CHECK(open_fds() == before);
}

TEST_CASE("process: programs are found as execvp finds them") {
  TempDir dir;
  std::string script = dir.write("tool", "#!/bin/sh\n");
  std::string before = getenv("PATH");
  setenv("PATH", ("/nowhere:" + dir.file("")).c_str(), 1);
  CHECK_FALSE(find_program("tool").has_value());  // not executable yet
  std::filesystem::permissions(script, std::filesystem::perms::owner_all);
  CHECK(find_program("tool").has_value());
  CHECK(find_program(script) == std::filesystem::path(script));
  CHECK_FALSE(find_program("sh").has_value());
  CHECK_FALSE(find_program("").has_value());
  CHECK_FALSE(find_program("/").has_value());
  setenv("PATH", before.c_str(), 1);
  CHECK(find_program("sh").has_value());
}
