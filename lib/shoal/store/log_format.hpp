#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <shoal/base/id.hpp>
#include <shoal/base/result.hpp>

namespace shoal::store {

/// The section "Stream log" of FORMAT.md for the code that writes and reads it. A test compares the
/// two. Nothing here throws, and no length is trusted.

inline constexpr std::string_view log_stream_magic = "shoalstr";
inline constexpr std::string_view log_segment_magic = "shoallog";
inline constexpr std::string_view log_index_magic = "shoalidx";
inline constexpr std::string_view log_synced_magic = "shoalsyn";

/// Of the files, and of a record. A change that an older shoal would misread raises it.
inline constexpr std::uint32_t log_format = 1;
inline constexpr std::uint8_t log_record_format = 1;

inline constexpr std::size_t log_segment_header_size = 64;
inline constexpr std::size_t log_record_header_size = 40;
inline constexpr std::size_t log_synced_size = 40;
inline constexpr std::size_t log_most_topic = 255;        ///< bytes
inline constexpr std::size_t log_most_record = 80 << 20;  ///< bytes, all included

/// The latest so many starts of epochs are remembered.
inline constexpr std::size_t log_most_starts = 4096;

/// A segment's index holds a record so many bytes behind the one before.
inline constexpr std::uint64_t log_index_step = 64 * 1024;

/// The flag of a record before which all was on the disk when it was appended.
inline constexpr std::uint8_t log_flag_synced_before = 1;

using Offset = std::uint64_t;    ///< a record's place in its stream
using Epoch = std::uint32_t;     ///< an incarnation of a stream's writer
using UnixTime = std::uint64_t;  ///< ns since 1970
using LogHeaders = std::map<std::string, std::string>;

/// Offsets that are not there: `from` up to, not including, `to`.
struct OffsetRange {
  Offset from = 0;
  Offset to = 0;
  friend bool operator==(const OffsetRange&, const OffsetRange&) = default;
};

/// From `from` on a log's records are of that epoch, up to where the next one begins.
struct EpochStart {
  Epoch epoch = 0;
  Offset from = 0;
  friend bool operator==(const EpochStart&, const EpochStart&) = default;
};

/// The file `stream`.
struct StreamFile {
  Id id{};
  Epoch epoch = 0;
  std::vector<OffsetRange> gaps{};
  std::vector<EpochStart> starts{};  ///< ascending by both
  friend bool operator==(const StreamFile&, const StreamFile&) = default;
};
std::string encode_stream_file(const StreamFile& file);
std::optional<StreamFile> decode_stream_file(std::string_view bytes);

/// The first bytes of a segment.
struct SegmentHeader {
  Id stream{};
  Epoch epoch = 0;
  Offset base = 0;
  UnixTime begun = 0;
  friend bool operator==(const SegmentHeader&, const SegmentHeader&) = default;
};
std::string encode_segment_header(const SegmentHeader& header);
std::optional<SegmentHeader> decode_segment_header(std::string_view bytes);

/// The file `synced`.
struct SyncedNote {
  Offset base = 0;             ///< of the segment
  std::uint64_t position = 0;  ///< in it; all before is on the disk
  Offset next = 0;             ///< the offset of the record that begins there
  friend bool operator==(const SyncedNote&, const SyncedNote&) = default;
};
std::string encode_synced_note(const SyncedNote& note);
std::optional<SyncedNote> decode_synced_note(std::string_view bytes);

/// A record within bytes that somebody else keeps alive.
struct RecordView {
  Offset offset = 0;
  Epoch epoch = 0;
  UnixTime time = 0;
  std::uint8_t flags = 0;
  std::string_view topic{};
  std::string_view headers{};  ///< see decode_log_headers
  std::string_view payload{};
  std::size_t size = 0;  ///< of the whole record in the log
};

/// Whether a record of these sizes can stand in a log.
bool fits_log(std::size_t topic, std::size_t headers, std::size_t payload);

/// Appends a record as it stands in the log; `size` of the view is ignored. Asserts fits_log.
void append_log_record(std::string& out, const RecordView& record);

enum class RecordState {
  whole,
  cut,     ///< the bytes end before the record does
  damaged  ///< it is no record, and more bytes would not make it one
};

/// What begins with `bytes`: the record when it is whole, its hash checked. When it is cut,
/// `record.size` is how many bytes it needs, as far as that is known.
struct DecodedRecord {
  RecordState state = RecordState::cut;
  RecordView record{};
};
DecodedRecord decode_log_record(std::string_view bytes);

/// The record that `bytes` begin with, when decode_log_record has found it whole before: cheap.
RecordView view_log_record(std::string_view bytes);

/// Headers as they stand in a record. Names are at most 65535 bytes long; fails for longer ones.
Result<std::string> encode_log_headers(const LogHeaders& headers);

/// Reads them back; fails for anything that encode_log_headers does not write.
Result<LogHeaders> decode_log_headers(std::string_view bytes);

}  // namespace shoal::store
