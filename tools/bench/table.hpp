#pragma once

#include <optional>
#include <string>
#include <vector>

namespace shoal::bench {

/// What the value of a row is and how it is told.
enum class Unit { lines, tasks, messages, requests, milliseconds, microseconds, bytes };

/// What was measured of one side, a value a run.
struct Samples {
  std::vector<double> values;

  double median() const;
};

/// One comparison. `wanted` is the least ratio, of latencies the most, or without a baseline the
/// least rate or the most milliseconds or bytes.
struct Row {
  std::string name;  ///< what shoal did
  Unit unit = Unit::lines;
  Samples shoal;
  std::string against;  ///< what it is compared with; empty: nothing
  Samples baseline;
  std::optional<double> wanted;
  double line_bytes = 0;  ///< of one line on average, to tell bytes a second; 0: don't
};

/// A table for people, or with `json` one JSON object a line.
std::string format_rows(const std::vector<Row>& rows, bool json);

}  // namespace shoal::bench
