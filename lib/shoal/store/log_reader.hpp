#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>

#include <shoal/store/log_segment.hpp>
#include <shoal/store/record_log.hpp>

namespace shoal::store {

struct LogReaderOptions {
  std::filesystem::path folder;
  Id stream;         ///< of the log in the folder
  Offset first = 0;  ///< where to begin
  /// The index of the active segment, from a writer in this process. Then all records before the
  /// end that is given to next() are there, and their lack is damage. Without it somebody else may
  /// be writing, and what is no whole record at the end of the log is regarded as its end.
  std::function<std::shared_ptr<const LogIndex>()> active_index{};
};

/// Reads a log on disk, whoever writes to it. Retention may remove segments at any time: what this
/// has open it reads to its end. Takes no lock and changes nothing.
class LogReader : public RecordReader {
 public:
  explicit LogReader(LogReaderOptions options)
      : options_(std::move(options)), position_(options_.first) {}

  void seek(Offset offset) override;
  Offset position() const override { return position_; }
  ReadOutcome next(Offset end, std::size_t most) override;
  Offset find_time(UnixTime time, Offset end) override;

 private:
  std::optional<ReadOutcome> open_segment();
  SegmentReader::Stop go_to_position(SegmentReader& segment) const;
  ReadOutcome past_segment(SegmentReader::Stop stop, Offset end, std::size_t most);
  std::optional<SegmentReader> try_open(Offset base) const;
  LogIndex index_of(Offset base) const;

  LogReaderOptions options_;
  Offset position_ = 0;
  std::optional<SegmentReader> segment_;
};

}  // namespace shoal::store
