#pragma once

#include <string_view>

/// A line for people, on stderr unless a program (app/logging.hpp) or a test says otherwise. From
/// any thread. What is below the level that was asked for is dropped.
namespace shoal {

void log_debug(std::string_view message);
void log_info(std::string_view message);
void log_warning(std::string_view message);
void log_error(std::string_view message);

}  // namespace shoal
