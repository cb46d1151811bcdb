#include <cerrno>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <unistd.h>

#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>

#include <shoal/app/logging.hpp>

namespace shoal::app {
namespace {

LogLevel level_of(spdlog::level::level_enum level) {
  switch (level) {
    case spdlog::level::trace:
      return LogLevel::trace;
    case spdlog::level::debug:
      return LogLevel::debug;
    case spdlog::level::info:
      return LogLevel::info;
    case spdlog::level::warn:
      return LogLevel::warning;
    default:
      return LogLevel::error;
  }
}

spdlog::level::level_enum spdlog_level(LogLevel level) {
  switch (level) {
    case LogLevel::trace:
      return spdlog::level::trace;
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warning:
      return spdlog::level::warn;
    case LogLevel::error:
      break;
  }
  return spdlog::level::err;
}

/// Writes all of `text` to stderr. Whatever goes wrong there has nowhere to be told.
void write_out(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(STDERR_FILENO, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

class StderrSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit StderrSink(LoggingOptions options)
      : options_(std::move(options)), colour_(wants_colour(STDERR_FILENO)) {}

  void divert(std::function<void(std::string)> take) {
    const std::lock_guard lock(mutex_);
    if (isatty(STDERR_FILENO) == 1) take_ = std::move(take);
  }

  void show_live_line(std::string_view text) {
    const std::lock_guard lock(mutex_);
    if (text.empty() && live_.empty()) return;
    live_ = text;
    write_out(std::string(erase) + live_);
  }

 private:
  static constexpr std::string_view erase = "\r\x1b[K";

  void sink_it_(const spdlog::details::log_msg& message) override {
    const LogLine line{.level = level_of(message.level),
                       .node = options_.node,
                       .message = {message.payload.data(), message.payload.size()},
                       .when = message.time};
    std::string text = format_log_line(line, options_.format, colour_);
    if (take_) return take_(std::move(text));
    if (!live_.empty()) text = std::string(erase) + text + live_;
    write_out(text);
  }

  void flush_() override {}

  LoggingOptions options_;
  bool colour_;
  std::string live_;
  std::function<void(std::string)> take_;
};

std::shared_ptr<StderrSink>& current_sink() {
  static std::shared_ptr<StderrSink> sink;
  return sink;
}

}  // namespace

bool wants_colour(int fd) {
  // As no-color.org has it: set, and not to the empty string.
  const char* set = std::getenv("NO_COLOR");
  return isatty(fd) == 1 && (set == nullptr || *set == 0);
}

void set_up_logging(const LoggingOptions& options) {
  current_sink() = std::make_shared<StderrSink>(options);
  auto logger = std::make_shared<spdlog::logger>("shoal", current_sink());
  logger->set_level(spdlog_level(options.least));
  spdlog::set_default_logger(std::move(logger));
}

void divert_log(std::function<void(std::string line)> take) {
  if (current_sink()) current_sink()->divert(std::move(take));
}

void show_live_line(std::string_view text) {
  if (current_sink()) current_sink()->show_live_line(text);
}

}  // namespace shoal::app
