#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace shoal::app {

enum class LogLevel { trace, debug, info, warning, error };

/// How lines on stderr are written: for people, or as one JSON object a line.
enum class LogFormat { text, json };

/// One thing to say on stderr.
struct LogLine {
  LogLevel level = LogLevel::info;
  std::string_view node{};     ///< as typed after `shoal`
  std::string_view message{};  ///< any bytes: it may quote what a peer sent
  std::chrono::system_clock::time_point when{};
};

/// `shoal worker: message`, `shoal worker: warning: message`, in colour if told so; or JSON with
/// `ts`, `level`, `node` and `message`. One line, with its newline; nothing in the message can
/// break out of it or command a terminal.
std::string format_log_line(const LogLine& line, LogFormat format, bool colour);

/// `when` in UTC to the millisecond, as RFC 3339 has it: `2026-01-31T23:59:59.123Z`.
std::string format_timestamp(std::chrono::system_clock::time_point when);

}  // namespace shoal::app
