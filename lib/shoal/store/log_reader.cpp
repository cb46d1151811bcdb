#include <algorithm>
#include <iterator>

#include <shoal/store/log_reader.hpp>

namespace shoal::store {
namespace {

constexpr std::size_t skipped_at_once = log_index_step;

bool is_empty(const ReadOutcome& outcome) {
  const auto* block = std::get_if<RecordBlock>(&outcome);
  return block != nullptr && block->empty();
}

}  // namespace

void LogReader::seek(Offset offset) {
  position_ = offset;
  segment_.reset();
}

ReadOutcome LogReader::next(Offset end, std::size_t most) {
  while (position_ < end) {
    if (!segment_) {
      std::optional<ReadOutcome> instead = open_segment();
      if (instead && !is_empty(*instead)) return *instead;
      if (!segment_) continue;
    }
    SegmentReader::Step step = segment_->read(end, most);
    if (!step.block.empty()) {
      position_ = segment_->offset();
      return step.block;
    }
    ReadOutcome outcome = past_segment(step.stop, end, most);
    if (!is_empty(outcome)) return outcome;
  }
  return AtEnd{};
}

// Opens the segment that position_ lies in. An empty block says to look again.
std::optional<ReadOutcome> LogReader::open_segment() {
  std::vector<Offset> bases = segments_in(options_.folder);
  auto behind = std::ranges::upper_bound(bases, position_);
  if (behind == bases.begin()) {
    if (bases.empty()) return AtEnd{};
    OffsetRange gap{position_, bases.front()};
    position_ = gap.to;
    return gap;
  }
  segment_ = try_open(*std::prev(behind));
  if (!segment_) return RecordBlock();
  SegmentReader::Stop stop = go_to_position(*segment_);
  if (segment_->offset() == position_) return std::nullopt;
  return past_segment(stop, position_, skipped_at_once);
}

SegmentReader::Stop LogReader::go_to_position(SegmentReader& segment) const {
  LogIndex::Entry hint = index_of(segment.header().base).at_or_before(position_);
  auto skip = [&] {
    SegmentReader::Stop stop = SegmentReader::Stop::more;
    while (stop == SegmentReader::Stop::more && segment.offset() < position_) {
      stop = segment.read(position_, skipped_at_once).stop;
    }
    return stop;
  };
  segment.go_to(hint.offset, hint.position);
  SegmentReader::Stop stop = skip();
  bool misled = stop == SegmentReader::Stop::damaged || stop == SegmentReader::Stop::cut;
  if (!misled || hint.offset == segment.header().base) return stop;
  segment.go_to(segment.header().base, log_segment_header_size);
  return skip();
}

// What comes when the open segment holds no further whole record. An empty block says to go on.
ReadOutcome LogReader::past_segment(SegmentReader::Stop stop, Offset end, std::size_t most) {
  std::vector<Offset> bases = segments_in(options_.folder);
  auto later = std::ranges::upper_bound(bases, segment_->header().base);
  if (later == bases.end()) {
    if (stop == SegmentReader::Stop::end && segment_->offset() < position_) {
      // Beyond the head: nothing there yet.
      segment_.reset();
      return AtEnd{};
    }
    if (!options_.active_index) return AtEnd{};
    throw segment_->damage();
  }
  // Since then its writer may have gone on, and made the next segment.
  bool on_the_way = segment_->offset() < position_;
  SegmentReader::Step again = segment_->read(end, most);
  if (!again.block.empty()) {
    if (on_the_way) {
      segment_.reset();
      return RecordBlock();
    }
    position_ = segment_->offset();
    return again.block;
  }
  if (again.stop != SegmentReader::Stop::end) throw segment_->damage();
  OffsetRange gap{position_, *later};
  segment_.reset();
  if (gap.from >= gap.to) return RecordBlock();
  position_ = gap.to;
  return gap;
}

std::optional<SegmentReader> LogReader::try_open(Offset base) const {
  try {
    return SegmentReader(options_.folder, base, options_.stream);
  } catch (const Error&) {
    std::error_code ignored;
    if (std::filesystem::exists(segment_path(options_.folder, base), ignored)) throw;
    return std::nullopt;  // retention was faster
  }
}

LogIndex LogReader::index_of(Offset base) const {
  if (options_.active_index) {
    std::shared_ptr<const LogIndex> active = options_.active_index();
    if (active->base() == base) return *active;
  }
  return load_index(options_.folder, base).value_or(LogIndex(base));
}

Offset LogReader::find_time(UnixTime time, Offset end) {
  std::vector<Offset> bases = segments_in(options_.folder);
  if (bases.empty()) return end;
  auto is_older = [&](Offset base) {
    std::optional<SegmentReader> segment = try_open(base);
    return !segment || segment->header().begun < time;
  };
  auto behind = std::ranges::partition_point(bases, is_older);
  Offset base = behind == bases.begin() ? *behind : *std::prev(behind);
  LogReader scout(options_);
  for (Offset from : {index_of(base).before_time(time).offset, base}) {
    scout.seek(from);
    bool misled = false;
    while (scout.position() < end && !misled) {
      ReadOutcome outcome = scout.next(end, skipped_at_once);
      if (std::holds_alternative<AtEnd>(outcome)) return end;
      const auto* block = std::get_if<RecordBlock>(&outcome);
      if (block == nullptr) continue;
      for (const RecordView& record : *block) {
        if (record.time < time) continue;
        misled = record.offset == from && from != base;
        if (!misled) return record.offset;
        break;
      }
    }
    if (!misled) return end;
  }
  return end;
}

}  // namespace shoal::store
