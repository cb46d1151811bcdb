#include <vector>

#include <shoal/app/progress_text.hpp>
#include <shoal/base/units.hpp>

namespace shoal::app {
namespace {

std::string counted(std::uint64_t count, std::string_view noun) {
  return format_count(count) + " " + std::string(noun) + (count == 1 ? "" : "s");
}

std::string time_left(std::uint64_t left, double rate) {
  constexpr double longest = 99 * 86400.0;  // beyond it a forecast says nothing
  const double seconds_left = static_cast<double>(left) / rate;
  if (seconds_left > longest) return "";
  const auto whole = std::chrono::seconds(static_cast<std::int64_t>(seconds_left + 1));
  return format_duration(whole) + " left";
}

}  // namespace

std::string format_progress(const ProgressState& state, std::size_t width) {
  std::vector<std::string> parts;
  parts.push_back(format_count(state.done) + " done");
  if (state.total) {
    parts.back() = format_count(state.done) + " of " + format_count(*state.total);
    if (*state.total > 0 && state.done <= *state.total) {
      const double share = static_cast<double>(state.done) / static_cast<double>(*state.total);
      parts.back() += " (" + std::to_string(static_cast<int>(share * 100)) + "%)";
    }
  }
  if (state.rate) parts.push_back(format_rate(*state.rate));
  if (state.rate && *state.rate > 0 && state.total && *state.total > state.done) {
    parts.push_back(time_left(*state.total - state.done, *state.rate));
  }
  if (state.in_flight) parts.push_back(format_count(*state.in_flight) + " in flight");
  if (state.workers) parts.push_back(counted(*state.workers, "worker"));

  std::string line = parts.front().substr(0, width);
  for (std::size_t i = 1; i < parts.size(); ++i) {
    if (parts[i].empty()) continue;
    if (line.size() + 2 + parts[i].size() > width) break;
    line += ", " + parts[i];
  }
  return line;
}

std::string format_summary(const SummaryState& state) {
  std::string line;
  auto add = [&line](const std::string& part) { line += (line.empty() ? "" : ", ") + part; };
  if (state.total) add(counted(*state.total, state.noun));
  if (state.done) add(format_count(*state.done) + " done");
  if (state.failed) add(format_count(*state.failed) + " failed");
  if (state.missing) add(format_count(*state.missing) + " missing");
  if (state.redelivered) add(format_count(*state.redelivered) + " redelivered");
  if (state.duplicates) add(counted(*state.duplicates, "duplicate") + " dropped");
  for (const auto& [count, what] : state.others) add(format_count(count) + " " + std::string(what));
  if (!state.elapsed) return line;
  add(format_duration(*state.elapsed));
  const std::optional<std::uint64_t> moved = state.done ? state.done : state.total;
  const double time = seconds(*state.elapsed);
  if (moved && time > 0) add(format_rate(static_cast<double>(*moved) / time));
  return line;
}

}  // namespace shoal::app
