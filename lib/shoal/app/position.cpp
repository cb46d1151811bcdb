#include <algorithm>
#include <charconv>
#include <ctime>
#include <optional>
#include <string>

#include <shoal/app/position.hpp>
#include <shoal/base/units.hpp>

namespace shoal::app {
namespace {

using wire::stream::Position;
using Kind = Position::Kind;

constexpr std::uint64_t second = 1'000'000'000;
constexpr std::string_view ago = "-ago";

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  bool all = error == std::errc() && end == text.data() + text.size();
  return all && value <= std::uint64_t{1} << 62 ? std::optional(value) : std::nullopt;
}

// "" or ".123" in ns.
std::optional<std::uint64_t> fraction(std::string_view text) {
  if (text.empty()) return 0;
  if (text.front() != '.' || text.size() < 2 || text.size() > 10) return std::nullopt;
  std::string digits(text.substr(1));
  digits.resize(9, '0');
  return number(digits);
}

std::optional<std::uint64_t> whole_seconds(std::string_view text, std::string_view& rest) {
  std::size_t digits = text.find_first_not_of("0123456789");
  if (digits == std::string_view::npos) digits = text.size();
  if (digits == text.size() || text[digits] == '.') {
    rest = text.substr(digits);
    return number(text.substr(0, digits));
  }
  std::string date(text);
  for (const char* form : {"%Y-%m-%dT%H:%M:%S", "%Y-%m-%d"}) {
    std::tm parts{};
    const char* end = strptime(date.c_str(), form, &parts);
    if (end == nullptr) continue;
    rest = text.substr(static_cast<std::size_t>(end - date.c_str()));
    if (rest.ends_with('Z')) rest.remove_suffix(1);
    std::time_t time = timegm(&parts);
    if (time >= 0) return static_cast<std::uint64_t>(time);
  }
  return std::nullopt;
}

std::optional<std::uint64_t> moment(std::string_view text) {
  std::string_view rest;
  std::optional<std::uint64_t> seconds = whole_seconds(text, rest);
  std::optional<std::uint64_t> more = fraction(rest);
  if (!seconds || !more || *seconds > (std::uint64_t{1} << 62) / second) return std::nullopt;
  return *seconds * second + *more;
}

}  // namespace

Result<Position> parse_position(std::string_view text, std::uint64_t now) {
  if (text == "beginning") return Position{.kind = Kind::beginning};
  if (text == "end") return Position{.kind = Kind::end};
  if (text.ends_with(ago)) {
    Result<Duration> span = parse_duration(text.substr(0, text.size() - ago.size()));
    if (!span) return Failure{span.reason()};
    auto back = static_cast<std::uint64_t>(span->count());
    return Position{.kind = Kind::time, .value = now - std::min(now, back)};
  }
  if (text.starts_with('@')) {
    if (auto time = moment(text.substr(1))) return Position{.kind = Kind::time, .value = *time};
  } else if (text.starts_with('-')) {
    if (auto last = number(text.substr(1))) return Position{.kind = Kind::last, .value = *last};
  } else if (auto offset = number(text)) {
    return Position{.kind = Kind::offset, .value = *offset};
  }
  return Failure{"'" + std::string(text) +
                 "' is no place in a stream: write beginning, end, an offset, -N for the last N, "
                 "@SECONDS or @2026-01-31T12:00:00Z, or a time ago such as 10m-ago"};
}

}  // namespace shoal::app
