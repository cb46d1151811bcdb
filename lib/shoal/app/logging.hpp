#pragma once

#include <functional>
#include <string>
#include <string_view>

#include <shoal/app/log_line.hpp>
#include <shoal/runtime/log.hpp>

namespace shoal::app {

struct LoggingOptions {
  std::string node{};               ///< as typed after `shoal`
  LogLevel least = LogLevel::info;  ///< what is below is not printed
  LogFormat format = LogFormat::text;
};

/// Makes the log (runtime/log.hpp) go to stderr, as `options` say; may be called again. In colour
/// only when stderr is a terminal and NO_COLOR is unset. Lines may come from any thread.
void set_up_logging(const LoggingOptions& options);

/// Whether people who read `fd` see colours: it is a terminal, and NO_COLOR is unset.
bool wants_colour(int fd);

/// Gives what would go to stderr, line by line, to `take` instead, where stderr is a terminal: for
/// whoever draws on it. `take` is called from any thread. An empty one: to stderr again.
void divert_log(std::function<void(std::string line)> take);

/// Keeps `text` as the last line of the terminal on stderr, below whatever is logged, until the
/// next call; an empty one erases it. Nothing happens before set_up_logging.
void show_live_line(std::string_view text);

}  // namespace shoal::app
