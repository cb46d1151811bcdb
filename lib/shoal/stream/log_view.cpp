#include <algorithm>

#include <shoal/base/error.hpp>
#include <shoal/stream/log_view.hpp>

namespace shoal::stream {
namespace {

// So many readers at places of their own go on without looking for theirs again.
constexpr std::size_t most_places = 16;

// A smaller read looks for a single record: nobody else will want just that.
constexpr std::size_t least_shared = 4096;

constexpr std::size_t indexed_at_once = 1 << 20;

// A block keeps alive all that was read with it: a small one that waits for a slow reader must not.
constexpr std::size_t copy_below = 64UL << 10;

store::RecordBlock by_itself(const store::RecordBlock& block) {
  if (block.bytes().size() >= copy_below) return block;
  return {Bytes::copy(block.bytes()), block.first_offset(), block.end_offset()};
}

/// What of a block the filter wants. Where that is all of it, nothing is copied.
Chunk wanted(const store::RecordBlock& block, const TopicFilter& filter) {
  Chunk chunk{.next = block.end_offset()};
  std::string body;
  if (!filter.all()) {
    const char* at = block.bytes().data();
    for (const store::RecordView& record : block) {
      if (filter.matches(record.topic)) {
        body.append(at, record.size);
        ++chunk.count;
      }
      at += record.size;
    }
  }
  if (filter.all() || chunk.count == block.count()) {
    chunk.count = block.count();
    chunk.body = block.bytes();
  } else {
    chunk.body = Bytes::take(std::move(body));
  }
  return chunk;
}

}  // namespace

Offset RecordLogView::first() const {
  return std::min(log_.first(), head_);
}

Offset RecordLogView::find(const Position& from) {
  switch (from.kind) {
    case Position::Kind::offset:
      return from.value;
    case Position::Kind::end:
      return head_;
    case Position::Kind::last:
      return std::max(first(), head_ - std::min(from.value, head_));
    case Position::Kind::time:
      return std::max(first(), log_.reader()->find_time(from.value, head_));
    case Position::Kind::beginning:
    case Position::Kind::last_of_topic:
      break;
  }
  return first();
}

/// A reader at `offset`: the one that has come there by itself, or the one unused for longest.
store::RecordReader& RecordLogView::reader_at(Offset offset) {
  auto place =
      std::ranges::find(places_, offset, [](const Place& held) { return held.reader->position(); });
  if (place == places_.end()) {
    if (places_.size() < most_places) {
      place = places_.insert(places_.end(), Place{log_.reader()});
    } else {
      place = std::ranges::min_element(places_, {}, &Place::used);
    }
    place->reader->seek(offset);
  }
  place->used = ++reads_;
  return *place->reader;
}

store::ReadOutcome RecordLogView::outcome_at(Offset from, Offset until, std::size_t bytes) {
  bool shared = bytes >= least_shared;
  for (const store::RecordBlock& block : recent_) {
    bool fits = !block.empty() && block.first_offset() == from && block.end_offset() <= until;
    if (shared && fits && from >= log_.first()) return block;
  }
  store::ReadOutcome outcome = reader_at(from).next(until, bytes);
  auto* block = std::get_if<store::RecordBlock>(&outcome);
  if (shared && block != nullptr) {
    *block = by_itself(*block);
    recent_[next_recent_++ % recent_.size()] = *block;
  }
  return outcome;
}

Chunk RecordLogView::read(Offset from, Offset until, std::size_t bytes, const TopicFilter& filter) {
  if (from < first()) return {.next = first(), .gone = true};
  store::ReadOutcome outcome = outcome_at(from, until, bytes);
  if (const auto* block = std::get_if<store::RecordBlock>(&outcome)) return wanted(*block, filter);
  if (const auto* gap = std::get_if<store::OffsetRange>(&outcome)) {
    return {.next = std::min(gap->to, head_), .gone = true};
  }
  throw Error("the log ends at offset " + std::to_string(from) + ", and " + std::to_string(until) +
                  " was committed; look into it with 'shoal log DIR --verify'",
              ExitCode::bad_data);
}

void RecordLogView::index_topics() {
  if (!indexer_) indexer_ = log_.reader();
  while (indexer_->position() < head_) {
    store::ReadOutcome outcome = indexer_->next(head_, indexed_at_once);
    if (std::holds_alternative<store::AtEnd>(outcome)) break;
    if (const auto* gap = std::get_if<store::OffsetRange>(&outcome)) {
      gaps_.push_back(gap->from);
      continue;
    }
    for (const store::RecordView& record : std::get<store::RecordBlock>(outcome)) {
      lasts_[std::string(record.topic)] = record.offset;
    }
  }
  std::erase_if(lasts_, [&](const auto& entry) { return entry.second < first(); });
  std::erase_if(gaps_, [&](Offset gap) { return gap < first(); });
}

std::vector<Offset> RecordLogView::last_of_topics(Offset from, Offset until,
                                                  const TopicFilter& filter) {
  index_topics();
  auto within = [&](Offset offset) { return from <= offset && offset < until; };
  std::vector<Offset> offsets;
  std::ranges::copy_if(gaps_, std::back_inserter(offsets), within);
  for (const auto& [topic, offset] : lasts_) {
    if (within(offset) && filter.matches(topic)) offsets.push_back(offset);
  }
  std::ranges::sort(offsets);
  return offsets;
}

}  // namespace shoal::stream
