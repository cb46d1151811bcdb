#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include <shoal/store/record_log.hpp>
#include <shoal/stream/writer_core.hpp>

namespace shoal::stream {

/// The committed part of a log, on disk or in memory, as the core reads it. Readers near each other
/// share what is read; several at different places each keep theirs open. One thread.
class RecordLogView : public LogView {
 public:
  /// What the log holds now counts as committed. `log` outlives this.
  explicit RecordLogView(store::RecordLog& log) : log_(log), head_(log.synced()) {}

  /// All before `head` is committed; never less than before.
  void commit(Offset head) { head_ = head; }

  Offset first() const override;
  Offset head() const override { return head_; }
  std::uint64_t epoch_before(Offset offset) const override { return log_.epoch_before(offset); }
  Offset find(const Position& from) override;
  Chunk read(Offset from, Offset until, std::size_t bytes, const TopicFilter& filter) override;

  /// The first call reads the whole log, later ones what has come since. Keeps each topic.
  std::vector<Offset> last_of_topics(Offset from, Offset until, const TopicFilter& filter) override;

 private:
  struct Place {
    std::unique_ptr<store::RecordReader> reader;
    std::uint64_t used = 0;
  };

  store::RecordReader& reader_at(Offset offset);
  store::ReadOutcome outcome_at(Offset from, Offset until, std::size_t bytes);
  void index_topics();

  store::RecordLog& log_;
  Offset head_;
  std::vector<Place> places_;
  std::uint64_t reads_ = 0;
  std::array<store::RecordBlock, 8> recent_;
  std::size_t next_recent_ = 0;

  std::unordered_map<std::string, Offset> lasts_;  // the last record of each topic
  std::vector<Offset> gaps_;                       // where they begin
  std::unique_ptr<store::RecordReader> indexer_;
};

}  // namespace shoal::stream
