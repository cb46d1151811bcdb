#include "table.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include <nlohmann/json.hpp>

#include <shoal/base/assert.hpp>
#include <shoal/base/units.hpp>

namespace shoal::bench {
namespace {

using Cells = std::array<std::string, 6>;

bool is_rate(Unit unit) {
  return unit == Unit::lines || unit == Unit::tasks || unit == Unit::messages ||
         unit == Unit::requests;
}

std::string fixed(double value, int digits) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.*f", digits, value);
  return text.data();
}

std::string format_value(double value, Unit unit, double line_bytes) {
  if (unit == Unit::microseconds) return fixed(value, 1) + " us";
  if (unit == Unit::milliseconds) return fixed(value, 1) + " ms";
  if (unit == Unit::bytes && value < 1 << 20) return fixed(value / (1 << 10), 1) + " KiB";
  if (unit == Unit::bytes) return fixed(value / (1 << 20), 1) + " MiB";
  std::string text = format_rate(value);
  if (line_bytes > 0) text += ", " + fixed(value * line_bytes / 1e6, 0) + " MB/s";
  return text;
}

bool is_met(const Row& row) {
  double value = row.shoal.median();
  if (!row.against.empty()) value /= row.baseline.median();
  return is_rate(row.unit) ? value >= *row.wanted : value <= *row.wanted;
}

std::string format_wanted(const Row& row) {
  if (!row.wanted) return "";
  std::string text;
  if (!row.against.empty()) {
    text = (is_rate(row.unit) ? ">= " : "<= ") + fixed(*row.wanted, 2);
  } else {
    text = (is_rate(row.unit) ? ">= " : "<= ") + format_value(*row.wanted, row.unit, 0);
  }
  return text + (is_met(row) ? "" : "  missed");
}

Cells cells_of(const Row& row) {
  Cells cells{row.name, format_value(row.shoal.median(), row.unit, row.line_bytes), row.against};
  if (!row.against.empty()) {
    cells[3] = format_value(row.baseline.median(), row.unit, row.line_bytes);
    cells[4] = fixed(row.shoal.median() / row.baseline.median(), 2);
  }
  cells[5] = format_wanted(row);
  return cells;
}

std::string format_table(const std::vector<Row>& rows) {
  std::vector<Cells> table{{"WHAT", "SHOAL", "AGAINST", "ITS VALUE", "RATIO", "WANTED"}};
  for (const Row& row : rows) table.push_back(cells_of(row));
  std::array<std::size_t, std::tuple_size_v<Cells>> widths{};
  for (const Cells& cells : table) {
    for (std::size_t i = 0; i < cells.size(); ++i) widths[i] = std::max(widths[i], cells[i].size());
  }
  std::string text;
  for (const Cells& cells : table) {
    std::string line;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      line += cells[i] + std::string(widths[i] - cells[i].size() + 2, ' ');
    }
    text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return text;
}

std::string unit_name(Unit unit) {
  switch (unit) {
    case Unit::lines:
      return "lines/s";
    case Unit::tasks:
      return "tasks/s";
    case Unit::messages:
      return "messages/s";
    case Unit::requests:
      return "requests/s";
    case Unit::milliseconds:
      return "ms";
    case Unit::microseconds:
      return "us";
    case Unit::bytes:
      return "bytes";
  }
  return "";
}

std::string format_json(const Row& row) {
  nlohmann::ordered_json line{{"row", row.name},
                              {"unit", unit_name(row.unit)},
                              {"shoal", row.shoal.median()},
                              {"shoal_runs", row.shoal.values}};
  if (!row.against.empty()) {
    line["against"] = row.against;
    line["baseline"] = row.baseline.median();
    line["baseline_runs"] = row.baseline.values;
    line["ratio"] = row.shoal.median() / row.baseline.median();
  }
  if (row.line_bytes > 0) line["bytes_per_second"] = row.shoal.median() * row.line_bytes;
  if (row.wanted) line["wanted"] = *row.wanted;
  if (row.wanted) line["met"] = is_met(row);
  return line.dump() + "\n";
}

}  // namespace

double Samples::median() const {
  SHOAL_ASSERT(!values.empty());
  std::vector<double> sorted = values;
  std::sort(sorted.begin(), sorted.end());
  std::size_t half = sorted.size() / 2;
  return sorted.size() % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

std::string format_rows(const std::vector<Row>& rows, bool json) {
  if (!json) return format_table(rows);
  std::string text;
  for (const Row& row : rows) text += format_json(row);
  return text;
}

}  // namespace shoal::bench
