#include <cstdlib>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <shoal/app/logging.hpp>
#include <shoal/base/fd.hpp>

using namespace shoal;
using namespace shoal::app;

namespace {

/// Takes what is written to stderr while it lives.
class StderrCapture {
 public:
  StderrCapture() : saved_(dup(STDERR_FILENO)), file_(memfd_create("stderr", 0)) {
    REQUIRE(saved_);
    REQUIRE(file_);
    dup2(file_.get(), STDERR_FILENO);
  }
  ~StderrCapture() { dup2(saved_.get(), STDERR_FILENO); }
  StderrCapture(const StderrCapture&) = delete;
  StderrCapture& operator=(const StderrCapture&) = delete;

  std::string text() const {
    std::string all(4096, 0);
    const ssize_t size = pread(file_.get(), all.data(), all.size(), 0);
    all.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
    return all;
  }

 private:
  Fd saved_;
  Fd file_;
};

std::string logged(LogLevel least) {
  const StderrCapture stderr_text;
  set_up_logging({.node = "test", .least = least});
  log_debug("d");
  log_info("i");
  log_warning("w");
  log_error("e");
  return stderr_text.text();
}

}  // namespace

TEST_CASE("log line: text for people") {
  LogLine line{.level = LogLevel::info, .node = "worker", .message = "hello", .when = {}};
  CHECK(format_log_line(line, LogFormat::text, false) == "shoal worker: hello\n");
  CHECK(format_log_line(line, LogFormat::text, true) == "shoal worker: hello\n");
  line.level = LogLevel::warning;
  CHECK(format_log_line(line, LogFormat::text, false) == "shoal worker: warning: hello\n");
  line.level = LogLevel::error;
  CHECK(format_log_line(line, LogFormat::text, true) ==
        "shoal worker: \x1b[31merror:\x1b[0m hello\n");
  line.node = "";
  CHECK(format_log_line(line, LogFormat::text, false) == "shoal: error: hello\n");
}

TEST_CASE("log line: what a peer sent cannot break out of its line") {
  const LogLine line{.level = LogLevel::info,
                     .node = "worker",
                     .message = "a\nshoal worker: error: b \x1b[2J\xff",
                     .when = {}};
  CHECK(format_log_line(line, LogFormat::text, false) ==
        "shoal worker: a\\nshoal worker: error: b \\x1b[2J\\xff\n");
  const std::string json = format_log_line(line, LogFormat::json, false);
  CHECK(json.find('\n') == json.size() - 1);
  CHECK(nlohmann::json::parse(json)["message"].get<std::string>().starts_with("a\nshoal"));
}

TEST_CASE("log line: JSON has the time, the level, the node and the message") {
  using namespace std::chrono;
  const LogLine line{.level = LogLevel::warning,
                     .node = "sink",
                     .message = "say \"x\"",
                     .when = system_clock::time_point(milliseconds(1'769'903'999'007))};
  CHECK(format_log_line(line, LogFormat::json, true) ==
        R"({"ts":"2026-01-31T23:59:59.007Z","level":"warning","node":"sink","message":"say \"x\""})"
        "\n");
}

TEST_CASE("logging: lines below the least level are not printed") {
  CHECK(logged(LogLevel::debug) ==
        "shoal test: debug: d\nshoal test: i\nshoal test: warning: w\nshoal test: error: e\n");
  CHECK(logged(LogLevel::info) == "shoal test: i\nshoal test: warning: w\nshoal test: error: e\n");
  CHECK(logged(LogLevel::error) == "shoal test: error: e\n");
}

TEST_CASE("logging: a live line is erased before a log line and comes back below it") {
  const StderrCapture stderr_text;
  set_up_logging({.node = "test"});
  show_live_line("");
  CHECK(stderr_text.text().empty());
  show_live_line("50%");
  log_info("hello");
  show_live_line("");
  log_info("bye");
  CHECK(stderr_text.text() == "\r\x1b[K50%\r\x1b[Kshoal test: hello\n50%\r\x1b[Kshoal test: bye\n");
}
