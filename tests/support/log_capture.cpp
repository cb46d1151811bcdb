#include "support/log_capture.hpp"

#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

namespace shoal::test {

LogCapture::LogCapture() : before_(spdlog::default_logger()) {
  auto sink = std::make_shared<spdlog::sinks::ostream_sink_mt>(*stream_);
  auto logger = std::make_shared<spdlog::logger>("captured", std::move(sink));
  logger->set_pattern("%l: %v");
  spdlog::set_default_logger(std::move(logger));
}

LogCapture::~LogCapture() {
  spdlog::set_default_logger(before_);
}

int LogCapture::count(std::string_view part) const {
  int found = 0;
  std::istringstream lines(stream_->str());
  for (std::string line; std::getline(lines, line);) {
    if (line.find(part) != std::string::npos) ++found;
  }
  return found;
}

}  // namespace shoal::test
