#include <algorithm>

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
  records_.push_back({std::move(topic), std::move(bytes)});
}

void SimLog::damage(Offset from, Offset to) {
  for (Offset at = from; at < std::min(to, committed_); ++at) damaged_.insert(at);
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
