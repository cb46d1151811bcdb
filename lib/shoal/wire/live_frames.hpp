#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <shoal/base/id.hpp>
#include <shoal/base/result.hpp>
#include <shoal/wire/headers.hpp>

/// The third frame of a live message, and the marks (PROTOCOL.md, "Live"). Pure; decoders never
/// throw and never trust a length.
namespace shoal::wire::live {

/// The topic of marks.
inline constexpr std::string_view mark_topic{"\0shoal", 6};

inline constexpr std::size_t most_topic_bytes = 255;
inline constexpr std::size_t most_mark_bytes = 64UL << 10;  ///< of totals in one mark
inline constexpr std::uint64_t most_number = 1ULL << 62U;

/// Who sent a message, and which one it is.
struct Header {
  Id publisher;
  std::uint64_t epoch = 0;
  std::optional<std::uint64_t> seq;  ///< of the topic; marks have none
  std::uint64_t time_ns = 0;         ///< since 1970; 0: not said
  bool ends = false;                 ///< a mark: the publisher's last
  Headers headers;
};

/// Writes the headers of one publisher in one epoch.
class HeaderWriter {
 public:
  HeaderWriter(const Id& publisher, std::uint64_t epoch);

  /// Writes a message's header to `into`, in place of what is there. Asserts that headers fit
  /// (headers_fit) and that numbers are below most_number.
  void write(std::uint64_t seq, std::uint64_t time_ns, const Headers& headers,
             std::string& into) const;

  std::string mark(bool ends) const;

 private:
  std::string who_;  // the fields that all have
};

/// Nothing for a frame that is no header: then the message counts as unnumbered.
std::optional<Header> decode_header(std::string_view frame);

/// The number that comes next of a topic.
struct Total {
  std::string topic;
  std::uint64_t next = 0;

  friend bool operator==(const Total&, const Total&) = default;
};

/// The second frames of as many marks as it takes. Asserts that each is within the limits above.
std::vector<std::string> encode_totals(const std::vector<Total>& totals);

Result<std::vector<Total>> decode_totals(std::string_view frame);

}  // namespace shoal::wire::live
