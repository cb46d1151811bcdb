#include <algorithm>
#include <limits>

#include <shoal/base/assert.hpp>
#include <shoal/store/log_format.hpp>

#include "stream_nodes.hpp"

namespace shoal::sim {

using stream::Position;

namespace {

std::uint64_t nanoseconds(Time time) {
  return static_cast<std::uint64_t>(time.time_since_epoch().count());
}

}  // namespace

void SimLog::append(std::uint64_t epoch, std::string topic, Time now) {
  Offset offset = records_.size();
  // A record that was torn off and its successor must differ.
  std::string payload = std::to_string(offset) + " of epoch " + std::to_string(epoch);
  std::string bytes;
  store::append_log_record(bytes, {.offset = offset,
                                   .epoch = static_cast<store::Epoch>(epoch),
                                   .time = nanoseconds(now),
                                   .topic = topic,
                                   .payload = payload});
  records_.push_back({std::move(topic), epoch, std::move(bytes)});
}

void SimLog::damage(Offset from, Offset to) {
  for (Offset at = from; at < std::min(to, committed_); ++at) damaged_.insert(at);
}

/// Damage takes with it what its records told.
std::uint64_t SimLog::epoch_before(Offset offset) const {
  offset = std::min<Offset>(offset, records_.size());
  while (offset > 0 && damaged_.contains(offset - 1)) --offset;
  return offset == 0 ? 0 : records_[offset - 1].epoch;
}

void SimLog::set_back(Offset end, std::uint64_t epoch) {
  std::shared_ptr<SimLog>& former = former_[epoch];
  // Once more before anybody wrote there: the same log is lost.
  if (!former) {
    former = std::make_shared<SimLog>(*this);
    former->former_.clear();
  }
  former->set_back_to_ = end;
  records_.resize(end);
  committed_ = end;
  first_ = std::min(first_, end);
}

const SimLog& SimLog::as_of(std::uint64_t epoch) const {
  auto former = former_.lower_bound(epoch);
  return former == former_.end() ? *this : *former->second;
}

Offset SimLog::kept_between(std::uint64_t before, std::uint64_t epoch) const {
  Offset kept = std::numeric_limits<Offset>::max();
  auto end = former_.lower_bound(epoch);
  for (auto former = former_.lower_bound(before); former != end; ++former) {
    kept = std::min(kept, former->second->set_back_to_);
  }
  return kept;
}

Offset SimLog::find(const Position& from) {
  switch (from.kind) {
    case Position::Kind::offset:
      return from.value;
    case Position::Kind::beginning:
    case Position::Kind::last_of_topic:
      return first_;
    case Position::Kind::end:
      return committed_;
    case Position::Kind::last:
      return std::max(first_, committed_ - std::min(from.value, committed_));
    case Position::Kind::time:
      break;
  }
  Offset at = first_;
  while (at < committed_ && store::view_log_record(records_[at].bytes).time < from.value) ++at;
  return at;
}

stream::Chunk SimLog::read(Offset from, Offset until, std::size_t bytes,
                           const stream::TopicFilter& filter) {
  SHOAL_ASSERT(from < until && until <= committed_);
  stream::Chunk chunk{.next = from, .gone = gone(from)};
  if (chunk.gone) {
    while (chunk.next < committed_ && gone(chunk.next)) ++chunk.next;
    return chunk;
  }
  std::string body;
  std::size_t looked = 0;
  for (; chunk.next < until && looked < bytes && !gone(chunk.next); ++chunk.next) {
    const SimRecord& record = records_[chunk.next];
    looked += record.bytes.size();
    if (!filter.matches(record.topic)) continue;
    body += record.bytes;
    ++chunk.count;
  }
  chunk.body = Bytes::take(std::move(body));
  return chunk;
}

bool SimLog::has_later_of_topic(Offset offset, bool there) const {
  for (Offset at = offset + 1; at < committed_; ++at) {
    if ((!there || !gone(at)) && records_[at].topic == records_[offset].topic) return true;
  }
  return false;
}

std::vector<Offset> SimLog::last_of_topics(Offset from, Offset until,
                                           const stream::TopicFilter& filter) {
  std::vector<Offset> lasts;
  for (Offset at = from; at < until; ++at) {
    bool wanted = !gone(at) && filter.matches(records_[at].topic);
    bool gap = gone(at) && (at == from || !gone(at - 1));
    if (gap || (wanted && !has_later_of_topic(at, true))) lasts.push_back(at);
  }
  return lasts;
}

}  // namespace shoal::sim
