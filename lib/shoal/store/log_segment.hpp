#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <shoal/base/error.hpp>
#include <shoal/store/file.hpp>
#include <shoal/store/log_index.hpp>
#include <shoal/store/record_log.hpp>

namespace shoal::store {

/// The paths of a segment's files in a log's folder.
std::filesystem::path segment_path(const std::filesystem::path& folder, Offset base);
std::filesystem::path index_path(const std::filesystem::path& folder, Offset base);

/// The bases of all segments in `folder`, ascending. Throws Error when it cannot be read.
std::vector<Offset> segments_in(const std::filesystem::path& folder);

/// The bases of all segments that have an index, likewise.
std::vector<Offset> indexes_in(const std::filesystem::path& folder);

/// The Error for a file of a log that is not what it should be: names file, position and remedy.
Error log_damage(const std::filesystem::path& file, std::uint64_t position,
                 const std::string& what);

/// The index of a whole segment from its file; nothing when there is none that fits.
std::optional<LogIndex> load_index(const std::filesystem::path& folder, Offset base);

/// Reads a segment from one place on, whole records only.
class SegmentReader {
 public:
  enum class Stop {
    more,    ///< as much as was asked for
    end,     ///< the file ends here
    cut,     ///< the file ends within a record
    damaged  ///< what follows is not the record that should
  };

  struct Step {
    RecordBlock block;  ///< what was read, up to where it stopped
    Stop stop = Stop::more;
  };

  /// Opens the segment. Throws Error: it cannot be opened, or (bad_data) its header is damaged or
  /// of another stream.
  SegmentReader(const std::filesystem::path& folder, Offset base, const Id& stream);

  /// Opens a segment whatever its header is, to find what is still whole in it. Throws Error when
  /// it cannot be opened.
  static SegmentReader of_damaged(const std::filesystem::path& folder, Offset base);

  /// Goes to where the record `offset` should begin.
  void go_to(Offset offset, std::uint64_t position);

  /// Reads the records that follow, as RecordReader::next does. Moves behind them.
  Step read(Offset end, std::size_t most);

  const SegmentHeader& header() const noexcept { return header_; }
  Offset offset() const noexcept { return offset_; }             ///< of the next record
  std::uint64_t position() const noexcept { return position_; }  ///< in the file
  const std::filesystem::path& path() const noexcept { return path_; }
  std::uint64_t size() { return file_.size(); }  ///< of the file
  File& file() noexcept { return file_; }

  /// The Error that what stands at position() is damaged.
  Error damage() const;

 private:
  explicit SegmentReader(std::filesystem::path path)
      : path_(std::move(path)), file_(File::open_to_read(path_)) {}

  bool follows(const RecordView& record) const;

  std::filesystem::path path_;
  File file_;
  SegmentHeader header_;
  Offset offset_ = 0;
  std::uint64_t position_ = 0;
  Epoch epoch_ = 0;
  UnixTime time_ = 0;
};

}  // namespace shoal::store
