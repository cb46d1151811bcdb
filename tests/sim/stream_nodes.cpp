#include "stream_nodes.hpp"

#include <algorithm>
#include <limits>

#include <shoal/base/assert.hpp>
#include <shoal/store/log_format.hpp>

namespace shoal::sim {

using namespace std::chrono_literals;
using stream::Delivery;
using stream::Position;
using stream::ReaderCore;
using stream::WriterCore;
using wire::stream::Any;

namespace {

constexpr const char* topics[] = {"a.x", "a.y", "b.x", "c"};

Any decoded(const wire::Message& message) {
  Result<Any> any = wire::stream::decode(message);
  SHOAL_ASSERT(any);
  return std::move(*any);
}

}  // namespace

void WriterNode::start() {
  if (alive_) return;
  alive_ = true;
  log_.tear();
  core_ = std::make_unique<WriterCore>(
      stream::WriterCoreOptions{
          .stream = id_, .epoch = ++epoch_, .batch_bytes = shared_.plan.batch, .turn = 2},
      log_);
  if (ended_) core_->end(shared_.schedule.now());
  keep_ticking();
  append_some();
}

void WriterNode::forget() {
  core_.reset();
  sending_.clear();
  commit_due_ = pump_due_ = false;
  if (!shared_.plan.damage || !shared_.faults_on || log_.first() == log_.head()) return;
  Offset from = shared_.random.between(log_.first(), log_.head() - 1);
  log_.damage(from, from + shared_.random.between(std::uint64_t{1}, 10));
}

void WriterNode::set_back() {
  log_.tear();
  log_.set_back(shared_.random.between(Offset{0}, log_.head()), epoch_);
}

void WriterNode::append_some() {
  if (ended_) return;
  std::uint64_t count = shared_.random.between(std::uint64_t{0}, 12);
  for (; count > 0; --count) {
    log_.append(epoch_, topics[shared_.random.between(0, 3)], shared_.schedule.now());
  }
  if (!commit_due_) {
    commit_due_ = true;
    later(shared_.random.between(Duration(0), shared_.plan.commits_after), [this] {
      commit_due_ = false;
      log_.commit();
      if (shared_.plan.retention && shared_.random.chance(0.1)) {
        log_.trim(shared_.random.between(log_.first(), log_.head()));
      }
      step();
    });
  }
  Duration each = shared_.plan.heal_after / static_cast<std::int64_t>(shared_.plan.records / 6);
  later(shared_.random.between(Duration(0), 2 * each), [this] { append_some(); });
}

void WriterNode::end() {
  ended_ = true;
  log_.tear();
  if (!core_) return;
  core_->end(shared_.schedule.now());
  step();
}

void WriterNode::keep_ticking() {
  core_->tick(shared_.schedule.now());
  step();
  Duration wait = std::clamp<Duration>(core_->next_tick() - shared_.schedule.now(), 1ms, 100ms);
  later(wait, [this] { keep_ticking(); });
}

void WriterNode::step() {
  bool more = core_->pump(shared_.schedule.now());
  stream::Outbox outbox = core_->take_outbox();
  watch_sends(outbox);
  post(std::move(outbox));
  if (!more || pump_due_) return;
  pump_due_ = true;
  later(10us, [this] {
    pump_due_ = false;
    step();
  });
}

/// STR-3: nothing is sent when as much as the credit has been sent.
void WriterNode::watch_sends(const stream::Outbox& outbox) {
  for (const auto& envelope : outbox.envelopes) {
    const auto* records = std::get_if<wire::stream::Records>(&envelope.message);
    if (records == nullptr || records->count == 0) continue;
    Sending& sending = sending_[envelope.to];
    if (sending.reading != records->reading) fault_ = "it sent a reading that nobody asked for";
    if (sending.sent >= sending.credit) fault_ = "it sent more than its credit";
    sending.sent += records->body.size();
  }
}

void WriterNode::watch_credit(const wire::Message& message, net::PeerId session) {
  Any any = decoded(message);
  Sending& sending = sending_[session];
  if (const auto* read = std::get_if<wire::stream::Read>(&any)) {
    if (read->reading > sending.reading) sending = {read->reading, read->credit, 0};
  } else if (const auto* more = std::get_if<wire::stream::More>(&any)) {
    if (more->reading == sending.reading) {
      sending.credit = std::max(sending.credit, more->credit);
    }
  }
}

void WriterNode::on_up(net::PeerId session, Endpoint&) {
  core_->on_up(session, shared_.schedule.now());
  step();
}

void WriterNode::on_message(net::PeerId session, wire::Message message) {
  watch_credit(message, session);
  core_->on_message(session, decoded(message), shared_.schedule.now());
  step();
}

void WriterNode::on_down(net::PeerId session, bool) {
  core_->on_down(session);
  sending_.erase(session);
}

void ReaderNode::start() {
  if (alive_) return;
  alive_ = true;
  stream::ReaderCoreOptions options = options_;
  options.cursors = disk_;
  core_ = std::make_unique<ReaderCore>(std::move(options));
  keep_ticking();
}

void ReaderNode::forget() {
  core_.reset();
  waiting_.clear();
}

void ReaderNode::keep_ticking() {
  core_->tick(shared_.schedule.now());
  step();
  Duration wait = std::clamp<Duration>(core_->next_tick() - shared_.schedule.now(), 1ms, 100ms);
  later(wait, [this] { keep_ticking(); });
}

void ReaderNode::step() {
  bool idle = waiting_.empty();
  for (Delivery& delivery : core_->take_deliveries()) waiting_.push_back(std::move(delivery));
  if (idle && !waiting_.empty()) take_next();
  stream::Outbox outbox = core_->take_outbox();
  for (const auto& envelope : outbox.envelopes) {
    readings_ += std::holds_alternative<wire::stream::Read>(envelope.message) ? 1 : 0;
  }
  post(std::move(outbox));
  if (!core_->refusal().empty()) return on_refusal();
  std::map<Id, std::uint64_t> held;
  for (const Delivery& delivery : waiting_) held[delivery.stream] += delivery.body.size();
  for (const auto& [id, octets] : held) {
    if (octets <= shared_.plan.window + shared_.plan.batch + 200) continue;
    broken_ = "it was sent " + std::to_string(octets) + " octets before it took any";
  }
}

/// Whether something that it has been given stands in no log any more.
bool ReaderNode::was_set_back() const {
  auto places = disk_;
  for (const Delivery& delivery : waiting_) {
    places[delivery.stream] = {delivery.epoch, delivery.next};
  }
  return std::ranges::any_of(places, [&](const auto& place) {
    const auto& [epoch, next] = place.second;
    const SimLog& log = writers_.at(place.first)->log();
    return next > log.kept_between(epoch, std::numeric_limits<std::uint64_t>::max());
  });
}

/// Its operator removes the cursor, and starts it again.
void ReaderNode::on_refusal() {
  if (!was_set_back()) broken_ = "refused to go on: " + core_->refusal();
  if (std::exchange(refusing_, true)) return;
  ++refused_;
  shared_.schedule.in(Duration(0), [this] {
    refusing_ = false;
    disk_.clear();
    crash_and_restart(1s);
  });
}

void ReaderNode::take_next() {
  later(shared_.random.between(Duration(0), shared_.plan.slow), [this] {
    Delivery delivery = std::move(waiting_.front());
    waiting_.pop_front();
    take(delivery);
    core_->on_taken(delivery, shared_.schedule.now());
    if (!waiting_.empty()) take_next();
    step();
  });
}

/// Output and cursor go to the disk together.
void ReaderNode::take(const Delivery& delivery) {
  const SimLog& now = writers_.at(delivery.stream)->log();
  const SimLog& log = now.as_of(delivery.epoch);
  auto cursor = disk_.find(delivery.stream);
  std::string fault;
  if (cursor == disk_.end()) fault = begins_well(log, delivery);
  if (cursor != disk_.end() && cursor->second.next != delivery.first) {
    fault = "took offset " + std::to_string(delivery.first) + " after " +
            std::to_string(cursor->second.next);
  }
  if (cursor != disk_.end()) {
    const auto& [epoch, next] = cursor->second;
    if (next > now.kept_between(epoch, delivery.epoch)) {
      fault = "went on at " + std::to_string(next) + " though the log had been set back";
    }
  }
  if (fault.empty()) fault = covers_all(log, delivery);
  if (broken_.empty()) broken_ = std::move(fault);
  disk_[delivery.stream] = {delivery.epoch, delivery.next};
  taken_ += delivery.count;
  if (delivery.trimmed) trimmed_ += delivery.next - delivery.first;
}

std::string ReaderNode::begins_well(const SimLog& log, const Delivery& delivery) const {
  Position from = options_.from;
  bool everything =
      from.kind == Position::Kind::beginning || from.kind == Position::Kind::last_of_topic;
  if (everything && delivery.first > log.first()) return "does not begin at the beginning";
  if (from.kind == Position::Kind::offset && delivery.first != from.value) {
    return "does not begin where it was told to";
  }
  return delivery.first > log.head() && from.kind != Position::Kind::offset ? "begins too late"
                                                                            : "";
}

/// Every offset that a delivery covers is in it, or not wanted, or gone and said to be; nothing is
/// in it that was not committed.
std::string ReaderNode::covers_all(const SimLog& log, const Delivery& delivery) const {
  std::map<Offset, std::string_view> held;
  std::string_view rest = delivery.body;
  while (!rest.empty()) {
    store::RecordView record = store::view_log_record(rest);
    held[record.offset] = rest.substr(0, record.size);
    rest.remove_prefix(record.size);
  }
  if (delivery.next > log.head()) return "took what was not committed";
  for (Offset at = delivery.first; at < delivery.next; ++at) {
    auto found = held.find(at);
    const SimRecord& record = log.record(at);
    std::string name = "offset " + std::to_string(at);
    if (delivery.trimmed) {
      if (!log.gone(at)) return name + " was called gone and is there";
    } else if (found != held.end()) {
      if (found->second != record.bytes) return name + " is not what was committed";
      if (!filter_.matches(record.topic)) return name + " was not wanted";
      held.erase(found);
    } else if (filter_.matches(record.topic) && !may_leave_out(log, at)) {
      return name + " was passed over";
    }
  }
  return held.empty() ? "" : "took an offset outside of what its delivery covers";
}

/// The later record may be gone by the time that this is written.
bool ReaderNode::may_leave_out(const SimLog& log, Offset offset) const {
  return options_.from.kind == Position::Kind::last_of_topic &&
         log.has_later_of_topic(offset, false);
}

bool ReaderNode::has_all(const WriterNode& writer) const {
  auto cursor = disk_.find(writer.id());
  if (cursor != disk_.end()) return cursor->second.next >= writer.log().head();
  // Waits for an offset that never came.
  return options_.from.kind == Position::Kind::offset && options_.from.value >= writer.log().head();
}

std::string ReaderNode::place() const {
  std::string text;
  for (const auto& [id, writer] : writers_) {
    auto cursor = disk_.find(id);
    text += " " + (cursor == disk_.end() ? "-" : std::to_string(cursor->second.next)) + " of " +
            std::to_string(writer->log().head());
  }
  return text + (alive() ? "" : " dead") + " waiting " + std::to_string(waiting_.size());
}

void ReaderNode::on_up(net::PeerId session, Endpoint&) {
  core_->on_up(session);
}

void ReaderNode::on_message(net::PeerId session, wire::Message message) {
  core_->on_message(session, decoded(message), shared_.schedule.now());
  step();
}

void ReaderNode::on_down(net::PeerId session, bool) {
  core_->on_down(session);
}

}  // namespace shoal::sim
