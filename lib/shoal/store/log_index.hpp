#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <shoal/store/log_format.hpp>

namespace shoal::store {

/// Where some records of a segment lie: the file OFFSET.index of FORMAT.md. A help for finding,
/// never to be believed without the record itself.
class LogIndex {
 public:
  struct Entry {
    Offset offset = 0;
    UnixTime time = 0;
    std::uint64_t position = 0;  ///< in the segment
    friend bool operator==(const Entry&, const Entry&) = default;
  };

  explicit LogIndex(Offset base) : end_(base), base_(base) {}

  /// Takes in the segment's next record, which begins at `position`.
  void note(const RecordView& record, std::uint64_t position);

  /// The last entry at or before `offset`; the segment's beginning when there is none.
  Entry at_or_before(Offset offset) const;

  /// The last entry of a record before `time`; the segment's beginning when there is none.
  Entry before_time(UnixTime time) const;

  Offset base() const noexcept { return base_; }
  Offset end() const noexcept { return end_; }           ///< behind the last record
  std::uint64_t size() const noexcept { return size_; }  ///< of the segment

  /// As it stands in the file.
  std::string encode() const;

  /// Nothing for what is no index of the segment at `base`.
  static std::optional<LogIndex> decode(std::string_view bytes, Offset base);

 private:
  std::vector<Entry> entries_;
  Offset end_;
  std::uint64_t size_ = log_segment_header_size;
  Offset base_;
};

}  // namespace shoal::store
