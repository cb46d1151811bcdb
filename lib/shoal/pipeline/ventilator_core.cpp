#include <algorithm>
#include <cmath>
#include <iterator>

#include <shoal/base/assert.hpp>
#include <shoal/pipeline/ventilator_core.hpp>

namespace shoal::pipeline {
namespace {

using namespace wire::pipeline;

// A slice keeps its whole block alive: what waits for another attempt is copied out of its block.
constexpr std::size_t copy_below = 16UL << 10;

// What a run or a letter takes beside its bytes, roughly: many small ones count too.
constexpr std::uint64_t overhead = 512;

/// How many tasks of a run of `count`, of which some task took its worker down, travel together
/// next, when `left` attempts are left: so that the last attempt is made alone, and the ones before
/// it cut the number of suspects evenly.
std::uint64_t piece_size(std::uint64_t count, std::uint32_t left) {
  double power = static_cast<double>(left - 1) / static_cast<double>(left);
  return std::max<std::uint64_t>(
      1, static_cast<std::uint64_t>(std::pow(static_cast<double>(count), power)));
}

}  // namespace

VentilatorCore::VentilatorCore(VentilatorCoreOptions options, JobState restored)
    : options_(std::move(options)), state_(std::move(restored)) {
  SHOAL_ASSERT(options_.attempts > 0);
  for (SeqRange range : state_.done.ranges()) settled_.insert(range);
  for (SeqRange range : state_.failed.ranges()) settled_.insert(range);
}

bool VentilatorCore::wants_input() const {
  std::uint64_t window = std::max<std::uint64_t>(1, options_.window_bytes);
  return !total_ && !draining_ && held_bytes_ < window && fresh_bytes_ < options_.ahead_bytes;
}

void VentilatorCore::offer(wire::Batch tasks, Time now) {
  SHOAL_ASSERT(!total_ && tasks.range.first == next_seq_);
  next_seq_ = tasks.range.end();
  for (SeqRange part : settled_.missing(tasks.range)) {
    fresh_.push_back(Run{.tasks = tasks.slice(part)});
    held_bytes_ += weight(fresh_.back());
    fresh_bytes_ += fresh_.back().tasks.payload.size();
  }
  deal(now);
}

void VentilatorCore::end_of_input(Time now) {
  total_ = next_seq_;
  ended_at_ = now;
  announce();
  deal(now);
  check_over(now);
}

void VentilatorCore::on_up(PeerId peer, std::uint32_t slots, std::uint64_t takes) {
  workers_[peer].slots = std::max<std::uint32_t>(1, slots);
  workers_[peer].takes = takes;
  outbox_.post(peer, job_message());
}

void VentilatorCore::on_message(PeerId peer, Any message, Time now) {
  if (!workers_.contains(peer)) return;
  std::visit([&](auto& content) { receive(peer, content, now); }, message);
  deal(now);
  check_over(now);
}

void VentilatorCore::receive(PeerId peer, Credit& credit, Time) {
  Worker& worker = workers_[peer];
  if (credit.revision <= worker.credit.revision) return;
  worker.credit = std::move(credit);
  choose_sinks();
}

void VentilatorCore::receive(PeerId peer, Renew& renew, Time now) {
  for (auto at = leases_.lower_bound({peer, 0}); at != leases_.end() && at->first.first == peer;
       ++at) {
    if (renew.numbers.contains(at->first.second)) at->second.deadline = now + options_.lease;
  }
  outbox_.post(peer, job_message());
}

void VentilatorCore::receive(PeerId peer, Kept& kept, Time) {
  if (kept.job != options_.job) return;
  for (const SeqSet* set : {&kept.done, &kept.failed}) {
    bool beyond = total_ && !set->empty() && set->ranges().back().end() > *total_;
    if (beyond) return outbox_.blame(peer, "it settled tasks that the job does not have");
  }
  settle(kept.done, state_.done);
  settle(kept.failed, state_.failed);
}

void VentilatorCore::receive(PeerId peer, Failed& failed, Time) {
  LeaseKey key{peer, failed.number};
  auto at = leases_.find(key);
  if (at == leases_.end() || at->second.letter) return;
  Run run = at->second.run;
  Blame blame = failed.sure && failed.range.count == 1 ? Blame::task : Blame::company;
  for (const auto& [lease, part] : take_open(failed.range, &key)) {
    close_part(key, part);
    retry(run, part, blame, failed.status, failed.error);
  }
}

void VentilatorCore::receive(PeerId peer, Return& returned, Time) {
  LeaseKey key{peer, returned.number};
  auto at = leases_.find(key);
  if (at == leases_.end()) return;
  Lease lease = at->second;
  for (SeqRange range : returned.tasks.ranges()) {
    put_back(key, lease, range);
  }
}

void VentilatorCore::receive(PeerId peer, Ran& ran, Time) {
  auto at = leases_.find({peer, ran.number});
  if (at == leases_.end() || at->second.letter) return;
  for (SeqRange range : ran.tasks.ranges()) {
    for (const OpenPart& open : open_parts(range, &at->first)) {
      workers_[peer].running -= at->second.ran.insert(open.part);
    }
  }
}

void VentilatorCore::receive(PeerId, Closed& closed, Time) {
  if (closed.job != options_.job || !is_ours(closed.sink)) return;
  if (!closed_.insert(closed.sink).second) return;
  if (over() && confirmed()) announce();
}

template <typename Other>
void VentilatorCore::receive(PeerId peer, Other&, Time) {
  outbox_.blame(peer, "it sent a message that a worker does not send");
}

void VentilatorCore::on_down(PeerId peer, bool left, Time now) {
  auto gone = workers_.find(peer);
  if (gone == workers_.end()) return;
  // Only a worker that ran one task and nothing else shows which task took it down.
  Blame blame = gone->second.running == 1 ? Blame::worker : Blame::company;
  for (auto at = leases_.lower_bound({peer, 0}); at != leases_.end() && at->first.first == peer;
       at = leases_.lower_bound({peer, 0})) {
    LeaseKey key = at->first;
    if (left || at->second.letter) {
      take_back(key);
      continue;
    }
    Lease lease = at->second;
    for (SeqRange part : lease.ran.ranges()) {
      redelivered_ += part.count;
      put_back(key, lease, part);
    }
    for (const auto& [same, part] : take_open(lease.run.tasks.range, &key)) {
      close_part(key, part);
      retry(lease.run, part, blame, "the worker died", "");
    }
  }
  workers_.erase(gone);
  choose_sinks();
  deal(now);
}

void VentilatorCore::tick(Time now) {
  std::vector<LeaseKey> expired;
  for (const auto& [key, lease] : leases_) {
    if (lease.deadline <= now) expired.push_back(key);
  }
  for (const LeaseKey& key : expired) {
    redelivered_ += leases_.at(key).letter ? 0 : leases_.at(key).left;
    take_back(key);
  }
  if (over() && !confirmed()) announce();
  deal(now);
  check_over(now);
  next_tick_ = now + std::min<Duration>(options_.lease / 8, std::chrono::seconds(1));
}

void VentilatorCore::drain(bool for_good, Time now) {
  draining_ = true;
  stopped_ = for_good;
  check_over(now);
}

bool VentilatorCore::finished() const {
  if (draining_ && (!over() || workers_.empty())) return leases_.empty();
  return over() && (confirmed() || gave_up_);
}

bool VentilatorCore::confirmed() const {
  if (state_.sinks.empty()) return false;
  return std::all_of(state_.sinks.begin(), state_.sinks.end(),
                     [&](const Id& sink) { return closed_.contains(sink); });
}

std::uint64_t VentilatorCore::in_flight() const {
  std::uint64_t tasks = 0;
  for (const auto& [peer, worker] : workers_) tasks += worker.open_tasks;
  return tasks;
}

void VentilatorCore::check_over(Time now) {
  if (!over() || confirmed() || workers_.empty() || state_.sinks.empty()) {
    over_at_.reset();
    // No tasks, and nobody to tell: nothing is lost by leaving.
    gave_up_ = total_ == 0U && ended_at_ != never && now - ended_at_ >= options_.empty_wait;
    return;
  }
  if (!over_at_) {
    over_at_ = now;
    announce();
  }
  gave_up_ = now - *over_at_ >= options_.confirm;
}

void VentilatorCore::settle(const SeqSet& tasks, SeqSet& verdict) {
  for (SeqRange range : tasks.ranges()) {
    for (SeqRange part : settled_.missing(range)) {
      verdict.insert(part);
      settled_.insert(part);
    }
    for (const auto& [lease, part] : take_open(range, nullptr)) close_part(lease, part);
  }
}

/// The open parts of `range`, and whose they are; of one lease only, if given.
std::vector<VentilatorCore::OpenPart> VentilatorCore::open_parts(SeqRange range,
                                                                 const LeaseKey* only) const {
  std::vector<OpenPart> parts;
  auto at = open_.upper_bound(range.first);
  if (at != open_.begin()) --at;
  for (; at != open_.end() && at->first < range.end(); ++at) {
    SeqRange part = intersect(range, {at->first, at->second.end - at->first});
    bool asked = only == nullptr || at->second.lease == *only;
    if (part.count > 0 && asked) parts.push_back({at->second.lease, part});
  }
  return parts;
}

/// Ends the open parts of `range` (of one lease only, if given) and returns them. The leases are to
/// be told by close_part().
std::vector<VentilatorCore::OpenPart> VentilatorCore::take_open(SeqRange range,
                                                                const LeaseKey* only) {
  std::vector<OpenPart> parts = open_parts(range, only);
  for (const auto& [lease, part] : parts) {
    auto at = std::prev(open_.upper_bound(part.first));
    Seq first = at->first;
    Seq end = at->second.end;
    at = open_.erase(at);
    if (first < part.first) open_.emplace_hint(at, first, Open{part.first, lease});
    if (part.end() < end) open_.emplace_hint(at, part.end(), Open{end, lease});
  }
  return parts;
}

void VentilatorCore::close_part(const LeaseKey& key, SeqRange part) {
  auto at = leases_.find(key);
  SHOAL_ASSERT(at != leases_.end() && at->second.left >= part.count);
  Lease& lease = at->second;
  Worker& worker = workers_[key.first];
  lease.left -= part.count;
  worker.open_tasks -= part.count;
  if (!lease.letter) worker.running -= part.count - lease.ran.erase(part);
  if (at->second.left == 0) release(at);
}

void VentilatorCore::release(std::map<LeaseKey, Lease>::iterator at) {
  Worker& worker = workers_[at->first.first];
  if (at->second.letter) --worker.letters;
  held_bytes_ -= at->second.letter ? weight(*at->second.letter) : weight(at->second.run);
  leases_.erase(at);
}

/// Takes a lease back for another hand-out that does not count as an attempt, and gives the worker
/// its credit for it back: it was lost on the way, or never begun.
void VentilatorCore::take_back(const LeaseKey& key) {
  Lease lease = leases_.at(key);
  Worker& worker = workers_[key.first];
  SeqRange range = lease.letter ? SeqRange{lease.letter->seq, 1} : lease.run.tasks.range;
  if (!lease.letter) {
    worker.sent_tasks -= std::min(worker.sent_tasks, lease.left);
    worker.sent_bytes -= std::min(worker.sent_bytes, lease.run.tasks.payload.size());
  }
  put_back(key, lease, range);
}

void VentilatorCore::put_back(const LeaseKey& key, const Lease& lease, SeqRange range) {
  for (const auto& [same, part] : take_open(range, &key)) {
    close_part(key, part);
    if (lease.letter) {
      held_bytes_ += weight(*lease.letter);
      letters_.push_front(*lease.letter);
    } else {
      requeue(lease.run, part);
    }
  }
}

void VentilatorCore::requeue(const Run& run, SeqRange part) {
  Run rest = cut(run, part);
  held_bytes_ += weight(rest);
  bool alone = rest.attempts > 0 && rest.piece == 1;
  (alone ? alone_ : again_).push_back(std::move(rest));
}

void VentilatorCore::retry(const Run& run, SeqRange part, Blame blame, std::string status,
                           std::string error) {
  Run rest = cut(run, part);
  rest.status = std::move(status);
  rest.error = std::move(error);
  ++rest.attempts;
  held_bytes_ += weight(rest);
  bool proven = blame != Blame::company || options_.attempts == 1;
  if (rest.attempts >= options_.attempts && proven) return bury(rest);
  // At the last attempt in company the verdict is not proven: one more, alone.
  rest.attempts = std::min(rest.attempts, options_.attempts - 1);
  redelivered_ += part.count;
  if (blame == Blame::task) return again_.push_back(std::move(rest));
  std::uint32_t left = options_.attempts - rest.attempts;
  rest.piece = piece_size(part.count, left);
  (left == 1 ? alone_ : again_).push_back(std::move(rest));
}

void VentilatorCore::bury(const Run& run) {
  held_bytes_ -= weight(run);
  const wire::Batch& tasks = run.tasks;
  tasks.each_record([&](Seq seq, std::string_view text) {
    if (tasks.framing == wire::Framing::lines)
      text = wire::without_delimiter(text, tasks.delimiter);
    letters_.push_back(Letter{.job = options_.job,
                              .name = options_.name,
                              .seq = seq,
                              .attempts = run.attempts,
                              .status = run.status,
                              .error = run.error,
                              .payload = Bytes::copy(text)});
    held_bytes_ += weight(letters_.back());
  });
}

VentilatorCore::Run VentilatorCore::cut(const Run& run, SeqRange part) const {
  Run rest = run;
  rest.tasks = run.tasks.slice(part);
  Bytes& payload = rest.tasks.payload;
  if (payload.size() < copy_below && part != run.tasks.range) payload = Bytes::copy(payload);
  return rest;
}

std::uint64_t VentilatorCore::weight(const Run& run) {
  return run.tasks.payload.size() + run.error.size() + overhead;
}

std::uint64_t VentilatorCore::weight(const Letter& letter) {
  return letter.payload.size() + letter.error.size() + overhead;
}

/// The sinks of a job are chosen once, from the first worker that has reached all it was told to,
/// so that all results of a task meet in one sink. Only sinks that keep nothing across a restart
/// are replaced when nobody sees them any more.
bool VentilatorCore::is_ours(const Id& sink) const {
  return std::ranges::binary_search(state_.sinks, sink);
}

void VentilatorCore::choose_sinks() {
  std::set<Id> seen;
  const Credit* offer = nullptr;
  for (const auto& [peer, worker] : workers_) {
    const Credit& credit = worker.credit;
    seen.insert(credit.sinks.begin(), credit.sinks.end());
    std::ranges::copy_if(credit.volatiles, std::inserter(volatile_sinks_, volatile_sinks_.end()),
                         [this](const Id& sink) { return is_ours(sink); });
    if (credit.all_sinks && !credit.sinks.empty()) offer = &credit;
  }
  if (offer == nullptr) return;
  bool lost = std::ranges::any_of(state_.sinks, [&](const Id& sink) {
    return volatile_sinks_.contains(sink) && !seen.contains(sink);
  });
  if (!state_.sinks.empty() && !lost) return;
  state_.sinks = offer->sinks;
  std::ranges::sort(state_.sinks);
  volatile_sinks_ = {offer->volatiles.begin(), offer->volatiles.end()};
  closed_.clear();
  announce();
}

void VentilatorCore::announce() {
  ++revision_;
  for (const auto& [peer, worker] : workers_) outbox_.post(peer, job_message());
}

Job VentilatorCore::job_message() const {
  Job job{.job = options_.job,
          .name = options_.name,
          .revision = revision_,
          .lease = options_.lease,
          .sinks = state_.sinks,
          .total = total_,
          .over = over()};
  job.stopped = over() && !complete();
  job.confirmed = over() && confirmed();
  job.done = state_.done.count();
  job.failed = state_.failed.count();
  return job;
}

}  // namespace shoal::pipeline
