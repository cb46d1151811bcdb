#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include <shoal/app/logging.hpp>
#include <shoal/app/progress.hpp>
#include <shoal/base/fd.hpp>

using namespace shoal;
using namespace shoal::app;
using namespace std::chrono_literals;

TEST_CASE("progress: all there is to tell") {
  const ProgressState state{
      .done = 640'000, .total = 1'000'000, .in_flight = 1024, .workers = 2, .rate = 813'000};
  CHECK(format_progress(state, 100) ==
        "640,000 of 1,000,000 (64%), 813k/s, 1s left, 1,024 in flight, 2 workers");
  CHECK(format_progress(state, 60) ==
        "640,000 of 1,000,000 (64%), 813k/s, 1s left, 1,024 in flight");
  CHECK(format_progress(state, 59) == "640,000 of 1,000,000 (64%), 813k/s, 1s left");
  CHECK(format_progress(state, 10) == "640,000 of");
}

TEST_CASE("progress: what is unknown is left out") {
  CHECK(format_progress({.done = 5}, 80) == "5 done");
  CHECK(format_progress({.done = 5, .workers = 1}, 80) == "5 done, 1 worker");
  CHECK(format_progress({.done = 0, .total = 0}, 80) == "0 of 0");
  CHECK(format_progress({.done = 0, .total = 10, .rate = 0.0}, 80) == "0 of 10 (0%), 0/s");
  CHECK(format_progress({.done = 9, .total = 10, .rate = 1e-9}, 80) == "9 of 10 (90%), 0/s");
  CHECK(format_progress({.done = 12, .total = 10, .rate = 1.0}, 80) == "12 of 10, 1/s");
}

TEST_CASE("summary: one line with what applies") {
  CHECK(format_summary({.total = 1'000'000,
                        .done = 1'000'000,
                        .failed = 0,
                        .redelivered = 3,
                        .duplicates = 12,
                        .elapsed = 1230ms}) ==
        "1,000,000 tasks, 1,000,000 done, 0 failed, 3 redelivered, 12 duplicates dropped, 1.23s, "
        "813k/s");
  CHECK(format_summary({.noun = "message", .total = 1, .missing = 2, .duplicates = 1}) ==
        "1 message, 2 missing, 1 duplicate dropped");
  CHECK(format_summary({.done = 5, .elapsed = 0s}) == "5 done, 0ns");
  CHECK(format_summary({}).empty());
}

TEST_CASE("progress: the rate is that of the last seconds") {
  RateWindow window;
  const Time start{};
  window.add(start, 1000);
  CHECK_FALSE(window.rate().has_value());
  window.add(start + 1s, 1100);
  CHECK(window.rate() == 100.0);
  for (int i = 2; i <= 20; ++i) window.add(start + std::chrono::seconds(i), 1100);
  CHECK(window.rate() == 0.0);
}

namespace {

/// A terminal of our own on stderr.
class StderrTerminal {
 public:
  StderrTerminal() : saved_(dup(STDERR_FILENO)), master_(posix_openpt(O_RDWR | O_NOCTTY)) {
    REQUIRE(grantpt(master_.get()) == 0);
    REQUIRE(unlockpt(master_.get()) == 0);
    slave_.reset(open(ptsname(master_.get()), O_RDWR | O_NOCTTY));
    REQUIRE(slave_);
    dup2(slave_.get(), STDERR_FILENO);
  }
  ~StderrTerminal() { dup2(saved_.get(), STDERR_FILENO); }
  StderrTerminal(const StderrTerminal&) = delete;
  StderrTerminal& operator=(const StderrTerminal&) = delete;

  /// All that is on its way; at least one byte must be.
  std::string text() const {
    std::string all(4096, 0);
    const ssize_t size = read(master_.get(), all.data(), all.size());
    all.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
    return all;
  }

 private:
  Fd saved_;
  Fd master_;
  Fd slave_;
};

}  // namespace

TEST_CASE("progress: drawn from the loop on a terminal and erased in the end") {
  const StderrTerminal terminal;
  set_up_logging({.node = "test"});
  setenv("TERM", "xterm", 1);
  CHECK(wants_progress({}));
  CHECK_FALSE(wants_progress({.quiet = true}));
  CHECK_FALSE(wants_progress({.log_format = LogFormat::json}));
  setenv("TERM", "dumb", 1);
  CHECK_FALSE(wants_progress({}));

  runtime::Reactor reactor;
  int asked = 0;
  {
    const Progress progress(reactor, true, [&] {
      ++asked;
      return ProgressState{.done = 7, .total = 10};
    });
    reactor.run_until([&] { return asked > 0; });
    CHECK(terminal.text() == "\r\x1b[K7 of 10 (70%)");
  }
  CHECK(terminal.text() == "\r\x1b[K");

  const Progress silent(reactor, false, [&] {
    ++asked;
    return ProgressState{};
  });
  const int before = asked;
  bool passed = false;
  const auto later = reactor.at(reactor.now() + 250ms, [&] { passed = true; });
  reactor.run_until([&] { return passed; });
  CHECK(asked == before);
}
