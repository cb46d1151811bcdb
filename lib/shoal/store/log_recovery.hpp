#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <shoal/base/fd.hpp>
#include <shoal/store/file.hpp>
#include <shoal/store/log_format.hpp>
#include <shoal/store/log_index.hpp>

namespace shoal::store {

/// What keeps a second writer, or a repair, out of a log's folder for as long as it lives.
class LogLock {
 public:
  /// Throws Error: another process has it, or the folder cannot be written.
  explicit LogLock(const std::filesystem::path& folder);

 private:
  Fd fd_;
};

/// The file `stream` of a log; nothing when there is none. Throws Error (bad_data) when damaged.
std::optional<StreamFile> read_stream_file(const std::filesystem::path& folder);

/// What a segment holds.
struct SegmentFacts {
  Offset base = 0;
  Offset end = 0;          ///< behind its last whole record
  std::uint64_t size = 0;  ///< bytes up to there
  UnixTime begun = 0;
  std::optional<std::string> damage{};  ///< what is wrong there; only inspect_log says
};

/// A log that is ready to be appended to.
struct RecoveredLog {
  StreamFile stream;                   ///< with the new epoch, which is on the disk
  std::vector<SegmentFacts> segments;  ///< in order; the last is the active one
  std::optional<File> active;          ///< the active segment, if records can be appended to it
  LogIndex index{0};                   ///< of the active segment
  Offset end = 0;                      ///< the next record's offset
  UnixTime last_time = 0;
  std::uint64_t cut = 0;        ///< bytes of unfinished records that were cut off the end
  std::uint64_t rewritten = 0;  ///< bytes of records that may not have been on the disk
};

/// Makes the log in `folder` ready, or begins one in an empty folder; FORMAT.md, "Opening for
/// writing". The new epoch is the time `now` in whole seconds, or the one after the last where that
/// is greater. The caller holds the lock. Throws Error: bad_data for damage, which it leaves alone.
RecoveredLog recover_log(const std::filesystem::path& folder, UnixTime now);

/// What stands in a log.
struct LogFacts {
  StreamFile stream;
  std::vector<SegmentFacts> segments;
  std::uint64_t unfinished =
      0;  ///< bytes at the end that are no whole record and were never synced
  Offset first = 0;
  Offset end = 0;
};

/// Looks into a log without changing anything, also while a writer appends. `thoroughly` reads all
/// records of all segments; otherwise complete segments are taken for what their indexes say. A
/// segment that is missing, and none behind it is there, stands among them, with damage.
/// Throws Error when `folder` holds no log or cannot be read.
LogFacts inspect_log(const std::filesystem::path& folder, bool thoroughly);

/// What a repair did.
struct LogRepair {
  std::vector<std::filesystem::path> set_aside;  ///< damaged segments under their new names
  std::vector<OffsetRange> gaps;                 ///< what the log lacks now
  std::uint64_t records = 0;                     ///< what it still holds
};

/// Sets damaged segments aside and keeps every whole record. Takes the lock. May be repeated, also
/// after a crash in it. Throws Error.
LogRepair repair_log(const std::filesystem::path& folder);

}  // namespace shoal::store
