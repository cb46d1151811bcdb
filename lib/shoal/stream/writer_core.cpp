#include <algorithm>
#include <string>

#include <shoal/stream/writer_core.hpp>

namespace shoal::stream {

using namespace wire::stream;
using namespace std::chrono_literals;

namespace {

// STR-6 says every second.
constexpr Duration say_period = 500ms;

// What was passed over is told so soon, but not for every record of a busy log.
constexpr Duration cover_period = 100ms;

// A session that asks for nothing for so long is not waited for.
constexpr Duration patience = 5s;

}  // namespace

void WriterCore::on_up(PeerId peer, Time now) {
  Reader& reader = readers_[peer] = Reader{.since = now, .covered = now - cover_period};
  say_stream(peer, reader, now);
}

void WriterCore::on_message(PeerId peer, Any message, Time now) {
  auto reader = readers_.find(peer);
  if (reader == readers_.end()) return;
  std::visit([&](auto& content) { receive(peer, reader->second, content, now); }, message);
}

void WriterCore::receive(PeerId peer, Reader& reader, Read& read, Time now) {
  if (read.reading <= reader.reading) return;
  Result<TopicFilter> filter = TopicFilter::make(read.topics);
  if (!filter) return outbox_.blame(peer, filter.reason());
  Offset from = log_.find(read.from);
  Offset head = log_.head();
  bool lasts = read.from.kind == Position::Kind::last_of_topic;
  Offset until = lasts ? head : std::min(read.until, head);
  reader = Reader{.since = reader.since,
                  .covered = now - cover_period,
                  .reading = read.reading,
                  .filter = std::move(*filter),
                  .from = from,
                  .until = until,
                  .told = from,
                  .next = from,
                  .credit = read.credit};
  if (from < until) reader.lasts = log_.last_of_topics(from, until, reader.filter);
  say_stream(peer, reader, now);
}

void WriterCore::receive(PeerId, Reader& reader, More& more, Time) {
  if (more.reading != reader.reading) return;
  reader.credit = std::max(reader.credit, more.credit);
  reader.taken = std::max(reader.taken.value_or(0), more.next);
}

template <typename Other>
void WriterCore::receive(PeerId peer, Reader&, Other&, Time) {
  outbox_.blame(peer, "it sent a message that a subscriber does not send");
}

void WriterCore::say_stream(PeerId peer, Reader& reader, Time now) {
  reader.said = now;
  outbox_.post(peer, Stream{.stream = options_.stream,
                            .epoch = options_.epoch,
                            .first = log_.first(),
                            .head = log_.head(),
                            .reading = reader.reading,
                            .from = reader.from,
                            .next = reader.told,
                            .until = reader.until,
                            .before = reader.reading == 0 ? 0 : log_.epoch_before(reader.from),
                            .ended = ended_});
}

bool WriterCore::pump(Time now) {
  bool more = false;
  auto turn = [&](auto begin, auto end) {
    for (auto at = begin; at != end; ++at) {
      if (!serve(at->first, at->second, now)) continue;
      more = true;
      last_served_ = at->first;
    }
  };
  // Who was served last comes last, so that nobody is always first.
  auto middle = readers_.upper_bound(last_served_);
  turn(middle, readers_.end());
  turn(readers_.begin(), middle);
  return more;
}

bool WriterCore::can_send(const Reader& reader) const {
  return reader.reading != 0 && reader.next < log_.head() && reader.sent < reader.credit;
}

/// One turn; whether there could be another at once.
bool WriterCore::serve(PeerId peer, Reader& reader, Time now) {
  for (int i = 0; i < options_.turn && can_send(reader); ++i) {
    Chunk chunk = look(reader);
    if (chunk.gone) {
      cover(peer, reader, now);
      outbox_.post(peer, Trimmed{reader.reading, reader.told, chunk.next});
      reader.told = chunk.next;
    }
    reader.next = chunk.next;
    if (chunk.count != 0) send_records(peer, reader, chunk);
  }
  if (cover_due(reader) <= now) cover(peer, reader, now);
  return can_send(reader);
}

Chunk WriterCore::look(Reader& reader) {
  if (reader.next < reader.until) return look_for_lasts(reader);
  return log_.read(reader.next, log_.head(), options_.batch_bytes, reader.filter);
}

/// The next of the last records of topics, put together to a batch.
Chunk WriterCore::look_for_lasts(Reader& reader) {
  Chunk all{.next = reader.next};
  std::string body;
  while (body.size() < options_.batch_bytes && reader.next_last < reader.lasts.size()) {
    Offset at = reader.lasts[reader.next_last];
    if (at >= all.next) {
      Chunk one = log_.read(at, at + 1, 1, reader.filter);
      bool alone = all.next == at && all.count == 0;
      all.next = at;
      if (one.gone && alone) return one;
      if (one.gone) break;
      all.next = at + 1;
      all.count += one.count;
      body += one.body.view();
    }
    ++reader.next_last;
  }
  if (reader.next_last == reader.lasts.size()) all.next = std::max(all.next, reader.until);
  all.body = Bytes::take(std::move(body));
  return all;
}

void WriterCore::send_records(PeerId peer, Reader& reader, Chunk& chunk) {
  reader.sent += chunk.body.size();
  sent_ += chunk.count;
  outbox_.post(
      peer, Records{reader.reading, reader.told, chunk.next, chunk.count, std::move(chunk.body)});
  reader.told = chunk.next;
}

/// Tells of offsets that were passed over.
void WriterCore::cover(PeerId peer, Reader& reader, Time now) {
  if (reader.told == reader.next) return;
  outbox_.post(peer, Records{reader.reading, reader.told, reader.next, 0, {}});
  reader.told = reader.next;
  reader.covered = now;
}

Time WriterCore::cover_due(const Reader& reader) const {
  if (reader.told == reader.next) return never;
  return ended_ ? Time::min() : reader.covered + cover_period;
}

void WriterCore::end(Time now) {
  ended_ = true;
  for (auto& [peer, reader] : readers_) {
    cover(peer, reader, now);
    say_stream(peer, reader, now);
  }
}

void WriterCore::tick(Time now) {
  for (auto& [peer, reader] : readers_) {
    if (cover_due(reader) <= now) cover(peer, reader, now);
    if (reader.said + say_period <= now) say_stream(peer, reader, now);
    if (reader.since + patience <= now) reader.awaited = false;
  }
}

Time WriterCore::next_tick() const {
  Time next = never;
  for (const auto& [peer, reader] : readers_) {
    next = std::min({next, reader.said + say_period, cover_due(reader)});
  }
  return next;
}

std::size_t WriterCore::readers() const {
  return static_cast<std::size_t>(
      std::count_if(readers_.begin(), readers_.end(),
                    [](const auto& entry) { return entry.second.reading != 0; }));
}

std::optional<Offset> WriterCore::taken(PeerId peer) const {
  auto reader = readers_.find(peer);
  if (reader == readers_.end() || reader->second.reading == 0) return std::nullopt;
  return reader->second.taken.value_or(0);
}

bool WriterCore::all_have_all() const {
  return std::all_of(readers_.begin(), readers_.end(), [&](const auto& entry) {
    const Reader& reader = entry.second;
    if (reader.reading == 0) return !reader.awaited;
    return reader.taken && *reader.taken >= log_.head();
  });
}

}  // namespace shoal::stream
