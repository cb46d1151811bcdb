#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <limits>
#include <optional>

#include <shoal/base/units.hpp>

namespace shoal {
namespace {

struct Unit {
  std::string_view name;
  double scale;
};

constexpr std::array<Unit, 7> time_units{
    {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}, {"d", 86400e9}}};

constexpr std::array<Unit, 6> size_units{
    {{"", 1}, {"K", 0x1p10}, {"M", 0x1p20}, {"G", 0x1p30}, {"T", 0x1p40}, {"P", 0x1p50}}};

/// Takes a non-negative decimal number off the front of `text`.
std::optional<double> take_number(std::string_view& text) {
  double number = 0;
  auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (error != std::errc() || !std::isfinite(number) || std::signbit(number)) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

/// Takes the letters off the front of `text`.
std::string_view take_letters(std::string_view& text) {
  std::size_t length = 0;
  while (length < text.size() && (text[length] < '0' || text[length] > '9')) ++length;
  std::string_view letters = text.substr(0, length);
  text.remove_prefix(length);
  return letters;
}

std::string three_digits(double value, const char* unit) {
  int decimals = value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  char text[48];
  std::snprintf(text, sizeof text, "%.*f", decimals, value);
  std::string result = text;
  if (result.find('.') != std::string::npos) {
    while (result.back() == '0') result.pop_back();
    if (result.back() == '.') result.pop_back();
  }
  return result + unit;
}

}  // namespace

Result<Duration> parse_duration(std::string_view text) {
  const Failure failure{"'" + std::string(text) +
                        "' is not a duration; write it like 250ms, 30s or 1h30m"};
  double total = 0;
  if (text.empty()) return failure;
  for (bool first = true; !text.empty(); first = false) {
    std::optional<double> number = take_number(text);
    if (!number) return failure;
    std::string_view name = take_letters(text);
    if (name.empty() && first) name = "s";
    bool known = false;
    for (const Unit& unit : time_units) {
      if (unit.name != name) continue;
      total += *number * unit.scale;
      known = true;
    }
    if (!known) return failure;
  }
  if (total >= static_cast<double>(std::numeric_limits<std::int64_t>::max() / 4)) return failure;
  return Duration(static_cast<std::int64_t>(std::llround(total)));
}

Result<std::uint64_t> parse_size(std::string_view text) {
  const Failure failure{"'" + std::string(text) + "' is not a size; write it like 512, 64K or 1M"};
  std::optional<double> number = take_number(text);
  if (!number) return failure;
  std::string_view name = text;
  if (name.ends_with("iB")) {
    name.remove_suffix(2);
  } else if (name.ends_with("B")) {
    name.remove_suffix(1);
  }
  for (const Unit& unit : size_units) {
    bool same = unit.name == name ||
                (name.size() == 1 && !unit.name.empty() && (name[0] ^ 0x20) == unit.name[0]);
    if (!same) continue;
    double bytes = *number * unit.scale;
    if (bytes >= 0x1p62) return failure;
    return static_cast<std::uint64_t>(bytes);
  }
  return failure;
}

std::string format_duration(Duration duration) {
  double ns = static_cast<double>(duration.count());
  if (ns < 1e3) return three_digits(ns, "ns");
  if (ns < 1e6) return three_digits(ns / 1e3, "us");
  if (ns < 1e9) return three_digits(ns / 1e6, "ms");
  if (ns < 60e9) return three_digits(ns / 1e9, "s");
  auto whole = static_cast<std::int64_t>(std::llround(ns / 1e9));
  std::string text;
  if (whole >= 3600) text += std::to_string(whole / 3600) + "h";
  if (whole / 60 % 60 != 0) text += std::to_string(whole / 60 % 60) + "m";
  if (whole < 3600 && whole % 60 != 0) text += std::to_string(whole % 60) + "s";
  return text;
}

std::string format_size(std::uint64_t bytes) {
  if (bytes < 1024) return std::to_string(bytes) + "B";
  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 1023.5 && unit + 1 < size_units.size()) {
    value /= 1024;
    ++unit;
  }
  return three_digits(value, size_units[unit].name.data());
}

std::string format_count(std::uint64_t count) {
  std::string digits = std::to_string(count);
  for (std::size_t place = digits.size(); place > 3;) {
    place -= 3;
    digits.insert(place, ",");
  }
  return digits;
}

std::string format_rate(double per_second) {
  if (per_second < 999.5) return three_digits(per_second, "/s");
  if (per_second < 999.5e3) return three_digits(per_second / 1e3, "k/s");
  return three_digits(per_second / 1e6, "M/s");
}

}  // namespace shoal
