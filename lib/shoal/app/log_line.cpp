#include <cstdio>
#include <ctime>

#include <nlohmann/json.hpp>

#include <shoal/app/log_line.hpp>
#include <shoal/base/utf8.hpp>

namespace shoal::app {
namespace {

struct Look {
  const char* name;    // in JSON, and in text where `shown`
  bool shown;          // info lines stand bare
  const char* colour;  // of the name on a terminal
};

Look look_of(LogLevel level) {
  switch (level) {
    case LogLevel::trace:
      return {"trace", true, "\x1b[2m"};
    case LogLevel::debug:
      return {"debug", true, "\x1b[2m"};
    case LogLevel::info:
      return {"info", false, ""};
    case LogLevel::warning:
      return {"warning", true, "\x1b[33m"};
    case LogLevel::error:
      break;
  }
  return {"error", true, "\x1b[31m"};
}

std::string json_log_line(const LogLine& line) {
  const nlohmann::ordered_json object{{"ts", format_timestamp(line.when)},
                                      {"level", look_of(line.level).name},
                                      {"node", line.node},
                                      {"message", line.message}};
  return object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace

std::string format_timestamp(std::chrono::system_clock::time_point when) {
  const auto since = std::chrono::floor<std::chrono::milliseconds>(when.time_since_epoch());
  const auto whole = std::chrono::floor<std::chrono::seconds>(since);
  const std::time_t seconds = whole.count();
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char day[32];
  std::strftime(day, sizeof day, "%Y-%m-%dT%H:%M:%S", &parts);
  char text[48];
  std::snprintf(text, sizeof text, "%s.%03dZ", day, static_cast<int>((since - whole).count()));
  return text;
}

std::string format_log_line(const LogLine& line, LogFormat format, bool colour) {
  if (format == LogFormat::json) return json_log_line(line);
  const Look look = look_of(line.level);
  std::string text = "shoal";
  if (!line.node.empty()) text += " " + std::string(line.node);
  text += ": ";
  if (look.shown) {
    text +=
        colour ? look.colour + std::string(look.name) + ":\x1b[0m " : look.name + std::string(": ");
  }
  return text + printable(line.message) + "\n";
}

}  // namespace shoal::app
