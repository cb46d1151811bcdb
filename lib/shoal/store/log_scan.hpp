#pragma once

#include <functional>
#include <limits>
#include <optional>
#include <vector>

#include <shoal/store/log_segment.hpp>

namespace shoal::store {

inline constexpr std::size_t log_scan_block = 1 << 20;  ///< bytes read at a time
inline constexpr Offset no_end = std::numeric_limits<Offset>::max();

/// What reading a segment to its end found.
struct SegmentScan {
  LogIndex index;  ///< of the whole records
  SegmentReader::Stop stop = SegmentReader::Stop::end;
  Epoch last_epoch = 0;
  UnixTime last_time = 0;
  std::vector<EpochStart> starts{};  ///< as far as these records show them
};

/// Reads on from where `reader` stands to the end of its segment or the first record that is none.
SegmentScan scan_segment(SegmentReader& reader);

/// The first whole record of offset `least` or greater that begins at `from` or behind in `file`,
/// wherever it begins, and for which `wanted` is true; its position.
std::optional<std::uint64_t> find_record(File& file, std::uint64_t from, Offset least,
                                         const std::function<bool(const RecordView&)>& wanted);

/// Whether what stands behind the last whole record, where `reader` stopped, was never synced: then
/// a crash explains it. See FORMAT.md, "Opening for writing".
bool was_never_synced(SegmentReader& reader, const std::optional<SyncedNote>& note);

/// Whether a segment at `base` may come behind one that ends at `end`: right there, or over a gap.
bool follows(const StreamFile& stream, Offset end, Offset base);

/// The greatest base of a segment that `note` or an index tells of; it must be there.
std::optional<Offset> last_told(const std::filesystem::path& folder,
                                const std::optional<SyncedNote>& note);

/// The errors for these.
Error log_hole(const std::filesystem::path& folder, Offset end, Offset base);
Error log_missing(const std::filesystem::path& folder, Offset base);

/// The file `synced`; nothing when it is absent or torn.
std::optional<SyncedNote> read_synced_note(const std::filesystem::path& folder);

}  // namespace shoal::store
