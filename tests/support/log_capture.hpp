#pragma once

#include <memory>
#include <sstream>
#include <string>
#include <string_view>

#include <spdlog/logger.h>

namespace shoal::test {

/// Catches the lines that would go to stderr, for as long as it lives.
class LogCapture {
 public:
  LogCapture();
  ~LogCapture();
  LogCapture(const LogCapture&) = delete;
  LogCapture& operator=(const LogCapture&) = delete;

  std::string text() const { return stream_->str(); }

  /// How many lines hold `part`.
  int count(std::string_view part) const;

 private:
  std::shared_ptr<std::ostringstream> stream_ = std::make_shared<std::ostringstream>();
  std::shared_ptr<spdlog::logger> before_;
};

}  // namespace shoal::test
