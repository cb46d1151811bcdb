#include <spdlog/spdlog.h>

#include <shoal/runtime/log.hpp>

namespace shoal {

void log_debug(std::string_view message) {
  spdlog::default_logger_raw()->log(spdlog::level::debug, message);
}

void log_info(std::string_view message) {
  spdlog::default_logger_raw()->log(spdlog::level::info, message);
}

void log_warning(std::string_view message) {
  spdlog::default_logger_raw()->log(spdlog::level::warn, message);
}

void log_error(std::string_view message) {
  spdlog::default_logger_raw()->log(spdlog::level::err, message);
}

}  // namespace shoal
