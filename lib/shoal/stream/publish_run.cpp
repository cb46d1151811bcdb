#include <algorithm>
#include <chrono>
#include <limits>

#include <shoal/base/units.hpp>
#include <shoal/runtime/log.hpp>
#include <shoal/store/log_format.hpp>
#include <shoal/stream/port_glue.hpp>
#include <shoal/stream/publish_run.hpp>

namespace shoal::stream {
namespace {

using namespace std::chrono_literals;

// One sync for so much, where input comes fast enough.
constexpr std::size_t group_bytes = 4UL << 20;

// What the live lane has not had, in memory. No input is read beyond it.
constexpr std::size_t most_pending = 8UL << 20;

constexpr std::size_t live_turn = 2000;  // messages, before others have theirs
constexpr double burst = 0.05;           // seconds of a rate
constexpr Duration patience = 1s;        // before a wait is told

std::uint64_t wall_ns() {
  auto since = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(Duration(since).count());
}

LivePublisherOptions live_options(const PublishRunOptions& options) {
  LivePublisherOptions live = options.live;
  live.publisher = Id::random();
  live.answers = options.linger ? std::min(*options.linger, patience) : goodbye_limit;
  live.socket.plain.peer = "subscriber";
  live.socket.plain.message_bytes = store::log_most_record;
  live.socket.plain.linger = live.answers;
  live.socket.plain.waiting_notice = no_notice;
  return live;
}

}  // namespace

PublishRun::PublishRun(net::Context& context, runtime::Reactor& reactor, PublishRunOptions options)
    : reactor_(reactor),
      options_(std::move(options)),
      input_(reactor, options_.input, [] {}),
      writer_(context, reactor, options_.writer),
      live_(context, reactor, live_options(options_), [this] { return publish_some(); }),
      staying_(options_.stay) {
  working_ = reactor_.before_wait([this] { return work(); });
  if (options_.wait_subscribers > 0) {
    notice_ = reactor_.at(reactor_.now() + patience, [this] {
      log_info("waiting for " + std::to_string(options_.wait_subscribers) +
               " subscribers; nothing is read before");
    });
  }
}

void PublishRun::drain() {
  cut_short_ = cut_short_ || !input_ended_;
  input_ended_ = true;
  staying_ = false;
  lingering_.reset();
}

bool PublishRun::finished() const {
  return leaving_ && live_done() && writer_.finished();
}

/// Everything that events and timers bring about is done here.
bool PublishRun::work() {
  bool moved = read_some();
  if (writer_.head() != seen_head_) {
    seen_head_ = writer_.head();
    live_.touch();
    moved = true;
  }
  // Who was told by --linger how long to stay is not told that it was too short.
  if (live_.gave_up() && !gave_up_live_ && !(ended_ && options_.linger)) give_up_live();
  if (input_ended_ && pending_.empty() && writer_.head() == writer_.log().end()) end();
  if (input_ended_ && !ended_ && !staying_) watch_live();
  if (ended_) leave_when_done();
  return moved;
}

bool PublishRun::may_read() {
  if (input_ended_ || pending_bytes_ >= most_pending) return false;
  if (gathered_) return true;
  gathered_ = live_.subscribers() + writer_.core().readers() >= options_.wait_subscribers;
  if (gathered_) notice_.reset();
  return gathered_;
}

bool PublishRun::read_some() {
  std::uint64_t before = appended_;
  for (std::size_t bytes = 0; may_read() && bytes < group_bytes;) {
    std::size_t most = allowance();
    if (most == 0) break;
    PublishBatch batch;
    PublishInput::State state = input_.next(most, batch);
    input_ended_ = state == PublishInput::State::ended;
    if (state != PublishInput::State::batch) break;
    bytes += batch.bytes;
    append(std::move(batch));
  }
  // What waits for the next sync must hold up neither the input nor its end.
  if (pending_bytes_ >= most_pending || input_ended_) writer_.commit();
  if (input_ended_ && input_.error()) staying_ = false;
  return appended_ != before;
}

/// How many messages the rate allows now; looks again when there will be one.
std::size_t PublishRun::allowance() {
  if (options_.rate <= 0) return std::numeric_limits<std::size_t>::max();
  if (filled_ != Time()) tokens_ += seconds(reactor_.now() - filled_) * options_.rate;
  tokens_ = std::min(tokens_, std::max(1.0, options_.rate * burst));
  filled_ = reactor_.now();
  if (tokens_ >= 1) return static_cast<std::size_t>(tokens_);
  auto missing = std::chrono::duration<double>((1 - tokens_) / options_.rate);
  next_token_ = reactor_.at(
      reactor_.now() + std::chrono::ceil<Duration>(std::min<decltype(missing)>(missing, 1h)),
      [] {});
  return 0;
}

void PublishRun::append(PublishBatch batch) {
  if (options_.rate > 0) tokens_ -= static_cast<double>(batch.records.size());
  pending_bytes_ += batch.bytes;
  Offset end = writer_.log().end() + batch.records.size();
  pending_.push_back({.batch = std::move(batch), .end = end, .time_ns = wall_ns()});
  // What cannot be appended, or only in part, is found there.
  const PublishBatch& added = pending_.back().batch;
  writer_.append(added.records);
  appended_ += added.records.size();
}

std::optional<std::uint64_t> PublishRun::lines_kept() const {
  std::optional<Offset> end = writer_.log().left_at();
  if (!end) return std::nullopt;
  std::uint64_t lines = settled_lines_;
  for (const Pending& pending : pending_) {
    const PublishBatch& batch = pending.batch;
    if (pending.end <= *end) {
      lines = batch.last_line;
      continue;
    }
    std::uint64_t missing = pending.end - *end;
    if (missing >= batch.records.size()) break;
    if (batch.lines.empty()) return batch.last_line - missing;
    return batch.lines[batch.records.size() - missing - 1];
  }
  return lines;
}

/// Gives the live lane what is committed; whether it took some.
bool PublishRun::publish_some() {
  std::size_t left = live_turn;
  while (left > 0 && !pending_.empty() && pending_.front().end <= writer_.head()) {
    Pending& next = pending_.front();
    for (; left > 0 && next.sent < next.batch.records.size(); ++next.sent, --left) {
      const store::NewRecord& record = next.batch.records[next.sent];
      LivePublisher::Sent sent =
          live_.publish(record.topic, Bytes(next.batch.keeper, record.payload),
                        *next.batch.headers[next.sent], next.time_ns);
      if (sent == LivePublisher::Sent::full) return left < live_turn;
    }
    if (next.sent < next.batch.records.size()) break;
    settled_lines_ = next.batch.last_line;
    pending_bytes_ -= next.batch.bytes;
    pending_.pop_front();
  }
  return left < live_turn;
}

/// Where slow live subscribers hold everyone up, the end may wait for them, but not for ones that
/// take nothing any more.
void PublishRun::watch_live() {
  if (live_limit_ && live_moved_ == live_.published()) return;
  live_moved_ = live_.published();
  live_limit_ = reactor_.at(reactor_.now() + goodbye_limit, [this] { live_.give_up(); });
}

/// What the live lane has not had is lost to it.
void PublishRun::give_up_live() {
  gave_up_live_ = true;
  pending_.clear();
  pending_bytes_ = 0;
  log_warning("a live subscriber has taken nothing for " + format_duration(goodbye_limit) +
              " after the end; leaving without it: what it has not had it misses. --linger DUR "
              "waits longer");
}

/// Nobody on the live lane is waited for any more.
bool PublishRun::live_done() const {
  return live_.closed() || gave_up_live_;
}

/// All that will be published is committed and handed to the live lane.
void PublishRun::end() {
  if (std::exchange(ended_, true)) return;
  live_limit_.reset();
  writer_.end();
  if (staying_) log_info("the input has ended; staying until a signal");
  if (!options_.linger || options_.stay) return;
  lingering_ = reactor_.at(reactor_.now() + *options_.linger, [this] { overdue_ = true; });
}

void PublishRun::leave_when_done() {
  if (leaving_ || staying_ || (lingering_ && !overdue_)) return;
  live_.close();
  bool all = writer_.all_have_all() && live_done();
  if (!all && !overdue_) {
    if (notice_) return;
    notice_ = reactor_.at(reactor_.now() + patience, [this] {
      log_info("waiting until those who are connected have everything; a signal ends it");
    });
    return;
  }
  left_early_ = !writer_.all_have_all();
  leaving_ = true;
  notice_.reset();
  writer_.leave();
}

}  // namespace shoal::stream
