#include <unit/runtime/fixture.hpp>
#include <vector>

#include <doctest/doctest.h>

#include <shoal/base/error.hpp>
#include <shoal/reqrep/executor.hpp>

#include "support/log_capture.hpp"
#include "support/temp_dir.hpp"

using namespace shoal;
using namespace shoal::reqrep;
using namespace std::chrono_literals;
using wire::reqrep::ReplyKind;

namespace {

struct Fixture {
  explicit Fixture(ExecutorOptions options)
      : executor(make_executor(reactor, std::move(options), [this](RunId run, Reply reply) {
          replies.emplace_back(run, std::move(reply));
        })) {}

  void start(RunId run, std::string_view body, Headers headers = {}) {
    executor->start({.run = run,
                     .id = Id::of_name("request"),
                     .body = Bytes::copy(body),
                     .headers = std::move(headers),
                     .attempt = 2});
  }

  /// The one reply since.
  Reply reply() {
    run_until(reactor, [&] { return !replies.empty(); });
    REQUIRE(replies.size() == 1);
    Reply only = std::move(replies.front().second);
    replies.clear();
    return only;
  }

  Reply run(std::string_view body, Headers headers = {}) {
    start(1, body, std::move(headers));
    return reply();
  }

  runtime::Reactor reactor;
  std::vector<std::pair<RunId, Reply>> replies;
  std::unique_ptr<Executor> executor;
};

ExecutorOptions each(std::string script) {
  return {.argv = {"sh", "-c", std::move(script), "{}"}};
}

ExecutorOptions stream(std::string script) {
  return {.mode = Mode::stream, .argv = {"sh", "-c", std::move(script)}};
}

}  // namespace

TEST_CASE("executor: without a command the reply is the request, at once") {
  Fixture f({});
  f.start(7, "body");
  REQUIRE(f.replies.size() == 1);
  CHECK(f.replies[0].first == 7);
  CHECK(f.replies[0].second.output.view() == "body");
}

TEST_CASE("executor: a command that does not exist is refused with its name") {
  CHECK_THROWS_AS(Fixture({.argv = {"no-such-command"}}), Error);
  CHECK_THROWS_AS(Fixture({.mode = Mode::stream, .argv = {"no-such-command"}}), Error);
}

TEST_CASE("executor each: body on stdin and in place of {}, output, stderr and status apart") {
  Fixture f(each("cat; echo \"$0\"; echo oops >&2; exit 3"));
  Reply reply = f.run("it's $body");
  CHECK(reply.kind == ReplyKind::exited);
  CHECK(reply.status == 3);
  CHECK(reply.output.view() == "it's $bodyit's $body\n");
  CHECK(reply.error.view() == "oops\n");
}

TEST_CASE("executor each: id, attempt and headers stand in the environment") {
  Fixture f(each("echo $SHOAL_REQUEST $SHOAL_ATTEMPT $SHOAL_HEADER_A_B"));
  CHECK(f.run("x", {{"a-b", "value"}}).output.view() ==
        Id::of_name("request").hex() + " 2 value\n");
}

TEST_CASE("executor each: what no command can be given fails without one") {
  Fixture f(each("cat"));
  CHECK(f.run(std::string("a\0b", 3)).kind == ReplyKind::unfit);
  Reply reply = f.run("body", {{"key", std::string("\0", 1)}});
  CHECK(reply.kind == ReplyKind::unfit);
  CHECK(f.run(std::string(200'000, 'x')).kind == ReplyKind::unfit);
  CHECK(reply.error.view() == "a header with a NUL byte cannot be passed to a command");
}

TEST_CASE("executor each: a signal, too long a time and too much output") {
  Fixture killed(each("kill -9 $$"));
  Reply reply = killed.run("x");
  CHECK(reply.kind == ReplyKind::signalled);
  CHECK(reply.status == 9);
  ExecutorOptions options = each("sleep 1000");
  options.timeout = 50ms;
  CHECK(Fixture(options).run("x").kind == ReplyKind::overran);
  options = each("yes");
  options.max_output = 10'000;
  reply = Fixture(options).run("x");
  CHECK(reply.kind == ReplyKind::unfit);
  CHECK(reply.error.view().starts_with("the command wrote more output than its replier takes"));
  options = stream("yes | tr -d '\\n'");
  options.max_output = 10'000;
  CHECK(Fixture(options).run("x").kind == ReplyKind::unfit);
}

TEST_CASE("executor each: a stopped run says nothing more") {
  Fixture f({.argv = {"sh", "-c", "[ {} = quick ] || sleep 1000"}, .slots = 2});
  f.start(1, "slow");
  f.start(2, "quick");
  f.executor->stop(1);
  run_until(f.reactor, [&] { return !f.replies.empty(); });
  CHECK(f.replies.size() == 1);
  CHECK(f.replies[0].first == 2);
  f.executor->stop(2);  // is over
}

TEST_CASE("executor stream: a line out for each line in, of one process") {
  Fixture f(stream("n=0; while read -r line; do n=$((n + 1)); echo \"$n $line\"; done"));
  CHECK(f.run("one").output.view() == "1 one");
  CHECK(f.run("two\n").output.view() == "2 two");
  CHECK(f.run("").output.view() == "3 ");
  Reply reply = f.run("two\nlines");
  CHECK(reply.kind == ReplyKind::unfit);
  CHECK(f.run("four").output.view() == "4 four");
}

TEST_CASE("executor stream: one that ends or hangs fails its request, and a fresh one goes on") {
  ExecutorOptions options = stream(
      "while read -r line; do case $line in end) echo why >&2; exit 4;; hang) sleep 1000;; "
      "*) echo $$;; esac; done");
  options.timeout = 200ms;
  Fixture f(options);
  std::string first(f.run("x").output.view());
  Reply ended = f.run("end");
  CHECK(ended.kind == ReplyKind::failed);
  CHECK(ended.error.view() ==
        "the command ended (exit code 4) and did not answer; its stderr: why\n");
  std::string second(f.run("x").output.view());
  CHECK(second != first);
  CHECK(f.run("hang").kind == ReplyKind::overran);
  CHECK(f.run("x").output.view() != second);
}

TEST_CASE("executor stream: a request that is stopped takes its process with it") {
  Fixture f(stream("while read -r line; do [ $line != hang ] || sleep 1000; echo $$; done"));
  std::string first(f.run("x").output.view());
  f.start(5, "hang");
  f.executor->stop(5);
  CHECK(f.run("x").output.view() != first);
}

TEST_CASE("executor stream: lines too many that come together fail their request") {
  Fixture f(stream("while read -r line; do printf 'one\\ntwo\\n'; done"));
  for (int i = 0; i < 3; ++i) {
    Reply reply = f.run("x");
    CHECK(reply.kind == ReplyKind::failed);
    CHECK(reply.error.view() == "the command wrote more lines than it was given");
  }
}

TEST_CASE(
    "executor stream: a line that nobody asked for is told, and no answer to what comes next") {
  test::LogCapture log;
  test::TempDir dir;
  Fixture f(stream("cd '" + dir.path().string() +
                   "'; if [ -e go ]; then exec sed -u s/.*/fine/; fi; "
                   "read -r line; echo $$; while ! [ -e go ]; do sleep 0.01; done; echo extra"));
  pid_t first = std::stoi(std::string(f.run("x").output.view()));
  dir.write("go", "");
  SUBCASE("it is read while nothing is asked") {
    run_until(f.reactor, [&] { return log.count("a line that nobody had asked for") == 1; });
  }
  SUBCASE("it lies in the pipe when the next request comes") {
    CHECK(ends(first));
  }
  SUBCASE("it lies in the pipe at the end") {
    CHECK(ends(first));
    f.executor.reset();
    CHECK(log.count("a line that nobody had asked for") == 1);
    return;
  }
  CHECK(f.run("x").output.view() == "fine");
  CHECK(log.count("a line that nobody had asked for") == 1);
}
