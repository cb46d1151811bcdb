#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <shoal/base/result.hpp>

namespace shoal::wire {

/// JSON that stands for itself: null, arrays, and objects that are no headers.
struct RawJson {
  std::string text{};
  friend bool operator==(const RawJson&, const RawJson&) = default;
};

/// A JSON array of strings. Asserts that they are UTF-8.
RawJson json_array(const std::vector<std::string>& texts);

/// What a field of a JSON line can hold. Strings and headers may be any bytes. A whole number that
/// is not negative reads back as std::uint64_t, whichever of the two it was.
using Headers = std::map<std::string, std::string>;
using JsonValue =
    std::variant<bool, std::int64_t, std::uint64_t, double, std::string, Headers, RawJson>;

/// One message, result or dead letter as a line of JSON: fields in order, then the payload.
struct JsonRecord {
  std::vector<std::pair<std::string, JsonValue>> fields{};
  std::optional<std::string> payload{};

  /// The field of that name, or null.
  const JsonValue* find(std::string_view name) const;

  friend bool operator==(const JsonRecord&, const JsonRecord&) = default;
};

/// The record on one line, without a newline. Text that is not UTF-8 goes in base64 under a name
/// with `_b64` added: `payload_b64`. Asserts that field names are UTF-8, neither `payload` nor
/// ending in `_b64`, and that each stands once.
std::string format_json_line(const JsonRecord& record);

/// Reads back what format_json_line wrote, byte for byte, and takes any other JSON object as well.
/// Fails for anything else, for nesting deeper than 64, for base64 that is none, and for a name
/// that ends in `_b64` twice.
Result<JsonRecord> parse_json_line(std::string_view line);

}  // namespace shoal::wire
