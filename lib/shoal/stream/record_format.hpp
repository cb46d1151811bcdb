#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <shoal/base/result.hpp>

namespace shoal::stream {

/// A message of a stream or of the live lane, as it is told in output. What is not known is left
/// out of JSON and empty in a template.
struct RecordText {
  std::string_view topic{};
  std::string_view payload{};
  std::map<std::string, std::string> headers{};
  std::string from{};  ///< the publisher or stream
  std::optional<std::uint64_t> offset{};
  std::optional<std::uint64_t> epoch{};
  std::optional<std::uint64_t> seq{};
  std::optional<std::uint64_t> time{};  ///< ns since 1970
};

/// How records are written.
class RecordFormat {
 public:
  /// The payload alone.
  static RecordFormat raw() { return RecordFormat(); }

  /// JSON lines: ts (ns since 1970), topic, from, seq, offset, epoch, headers, payload.
  static RecordFormat json();

  /// A template: %t topic, %p payload, %o offset, %e epoch, %s sequence, %T time (ns since 1970),
  /// %h{NAME} a header, %f from, %% a per cent sign, \n \t \0 \\ as usual. Fails for anything else.
  static Result<RecordFormat> of_template(std::string_view text);

  /// Whether nothing but the payload is told.
  bool payload_only() const { return kind_ == Kind::raw; }

  /// Appends the record, without an end.
  void append(std::string& out, const RecordText& record) const;

 private:
  enum class Kind { raw, json, pieces };
  struct Piece {
    char field = 0;  ///< 0: just the text
    std::string text{};
  };

  Kind kind_ = Kind::raw;
  std::vector<Piece> pieces_;
};

}  // namespace shoal::stream
