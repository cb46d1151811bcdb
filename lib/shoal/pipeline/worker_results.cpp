// How the worker brings results and dead letters to the sinks of their job.

#include <algorithm>

#include <shoal/base/assert.hpp>
#include <shoal/pipeline/worker_core.hpp>

namespace shoal::pipeline {

using namespace wire::pipeline;

namespace {

// What a result on its way takes beside its bytes, roughly: many small ones count too.
constexpr std::uint64_t overhead = 512;

// Larger results travel alone, so that they are not copied.
constexpr std::size_t most_copied = 16UL << 10;
constexpr std::uint64_t most_gathered = 256UL << 10;

}  // namespace

void WorkerCore::on_sink_up(PeerId peer, const SinkFacts& sink, Time now) {
  sinks_[peer] = sink;
  send_range(pending_.begin(), pending_.end(), now);
  for (const auto& [id, ventilator] : ventilators_) {
    if (ventilator.job && ventilator.job->over) close_at_sinks(ventilator);
  }
  update_credit(true);
}

void WorkerCore::on_sink_down(PeerId peer, Time) {
  sinks_.erase(peer);
  for (auto& [key, pending] : pending_) {
    if (pending.sent_to == peer) pending.sent_to = 0;
  }
  update_credit(true);
}

void WorkerCore::on_sink_message(PeerId peer, Any message, Time) {
  auto sink = sinks_.find(peer);
  if (sink == sinks_.end()) return;
  if (auto* kept = std::get_if<Kept>(&message)) {
    on_kept(*kept);
  } else if (auto* closed = std::get_if<Closed>(&message)) {
    if (closed->sink != sink->second.id) return;
    closed_.emplace(closed->job, closed->sink);
    PeerId ventilator = 0;
    if (find_job(closed->job, &ventilator) != nullptr) to_ventilators_.post(ventilator, *closed);
  } else {
    to_sinks_.blame(peer, "it sent a message that a sink does not send");
  }
  update_credit(false);
}

void WorkerCore::add_results(const Queued& work, wire::Batch results, Time now) {
  PeerId home = 0;
  const Job* job = find_job(work.origin.job, &home);
  Results message{.job = work.origin.job, .attempt = work.attempt};
  if (job != nullptr) message.name = job->name;
  Pending pending{.origin = work.origin, .range = results.range};
  pending.open.insert(results.range);
  pending.bytes = results.payload.size() + overhead;
  if (!ventilators_.contains(work.origin.ventilator)) {
    pending.origin = {home, 0, work.origin.job};
    if (home == 0) pending.orphaned_at = now;
  }
  bool small = results.framing == wire::Framing::sized && results.payload.size() <= most_copied;
  message.batch = std::move(results);
  pending.message = std::move(message);
  bool gathers = options_.kind == WorkKind::single && small && pending.orphaned_at == never;
  if (!gathers) return add_pending(std::move(pending), now);
  gathered_bytes_ += pending.bytes;
  std::pair key(pending.origin.job, pending.range.first);
  gathered_.emplace(key, std::move(pending));
}

/// What comes after a pause goes at once, and so does all when nothing more is to be expected soon.
void WorkerCore::flush_if_due(Time now) {
  bool idle = runs_.empty() && queue_.empty();
  if (idle || now >= next_flush() || gathered_bytes_ >= most_gathered) flush(now);
}

void WorkerCore::flush(Time now) {
  if (gathered_.empty()) return;
  flushed_at_ = now;
  gathered_bytes_ = 0;
  PendingMap gathered = std::exchange(gathered_, {});
  for (auto at = gathered.begin(); at != gathered.end();) {
    Pending group = std::move(at->second);
    auto& message = std::get<Results>(group.message);
    std::vector<wire::Batch> parts{std::move(message.batch)};
    for (++at; at != gathered.end() && is_next(group, at->second); ++at) {
      parts.push_back(std::move(std::get<Results>(at->second.message).batch));
      group.range.count += at->second.range.count;
      group.bytes += at->second.bytes;
    }
    message.batch = wire::join(parts).value();
    group.open.insert(group.range);
    add_pending(std::move(group), now);
  }
}

/// Whether `next` can travel in the message of `group`: of the same hand-out, and right behind it.
bool WorkerCore::is_next(const Pending& group, const Pending& next) {
  const Origin& a = group.origin;
  const Origin& b = next.origin;
  bool same_hand_out = a.job == b.job && a.number == b.number && a.ventilator == b.ventilator;
  return same_hand_out && next.range.first == group.range.end() &&
         std::get<Results>(group.message).attempt == std::get<Results>(next.message).attempt;
}

void WorkerCore::add_pending(Pending pending, Time now) {
  pending_bytes_ += pending.bytes;
  std::pair key(pending.origin.job, pending.range.first);
  auto added = pending_.emplace(key, std::move(pending));
  send_range(added, std::next(added), now);
}

void WorkerCore::send_range(PendingMap::iterator from, PendingMap::iterator to, Time now) {
  while (from != to) {
    auto next = std::next(from);
    if (!send_pending(from->second, now)) end_pending(from);
    from = next;
  }
}

/// Sends what has not been sent yet, once its job has a ventilator here and its sink is known and
/// connected. A hand-out never crosses from one sink's share to another's, so neither does a
/// result. False when it never can be sent: it is over then.
bool WorkerCore::send_pending(Pending& pending, Time now) {
  const Job* job = find_job(pending.origin.job);
  if (pending.sent_to != 0 || job == nullptr || job->sinks.empty()) return true;
  PeerId peer = find_sink(sink_of(job->job, pending.range.first, job->sinks));
  if (peer == 0) return true;
  if (!cut_to_fit(pending, sinks_[peer].takes)) return false;
  pending.sent_to = peer;
  pending.sent_at = now;
  std::vector<Id> sinks = job->sinks.size() > 1 ? job->sinks : std::vector<Id>();
  if (auto* results = std::get_if<Results>(&pending.message)) {
    results->total = job->total;
    results->sinks = std::move(sinks);
  } else {
    std::get<Letter>(pending.message).sinks = std::move(sinks);
  }
  to_sinks_.post(peer, pending.message);
  return true;
}

/// A sink drops whoever sends it more than it takes: a result that is larger is a failed attempt,
/// and a dead letter goes without its task.
bool WorkerCore::cut_to_fit(Pending& pending, std::uint64_t takes) {
  auto* letter = std::get_if<Letter>(&pending.message);
  Bytes& payload =
      letter != nullptr ? letter->payload : std::get<Results>(pending.message).batch.payload;
  std::uint64_t size = payload.size();
  if (size + head_room <= takes) return true;
  if (letter != nullptr) {
    letter->error +=
        " (the task of " + std::to_string(size) + " bytes is more than the sink takes)";
    payload = Bytes();
    return true;
  }
  failed_ += pending.range.count;
  const Origin& origin = pending.origin;
  if (origin.number == 0 || !ventilators_.contains(origin.ventilator)) return false;
  std::string why = "the result of " + std::to_string(size) +
                    " bytes is more than the sink takes; raise the sink's --max-size";
  to_ventilators_.post(origin.ventilator, Failed{.number = origin.number,
                                                 .range = pending.range,
                                                 .status = std::move(why),
                                                 .error = "",
                                                 .sure = true});
  account(origin, pending.open);
  return false;
}

void WorkerCore::send_all(const Id& job, Time now) {
  auto first = pending_.lower_bound({job, 0});
  auto end = first;
  for (; end != pending_.end() && end->first.first == job; ++end) end->second.sent_to = 0;
  send_range(first, end, now);
}

void WorkerCore::on_kept(const Kept& kept) {
  for (const SeqSet* set : {&kept.done, &kept.failed, &kept.refused}) {
    for (SeqRange range : set->ranges()) {
      // Results rarely overlap: begin at the last one that starts before the range.
      auto at = pending_.upper_bound({kept.job, range.first});
      while (at != pending_.begin() && std::prev(at)->first.first == kept.job &&
             std::prev(at)->second.range.end() > range.first) {
        --at;
      }
      while (at != pending_.end() && at->first.first == kept.job &&
             at->first.second < range.end()) {
        settle(at->second, range, set == &kept.refused, set == &kept.done);
        auto next = std::next(at);
        if (at->second.open.empty()) end_pending(at);
        at = next;
      }
    }
  }
  PeerId ventilator = 0;
  if (find_job(kept.job, &ventilator) == nullptr) return;
  if (kept.done.empty() && kept.failed.empty()) return;
  to_ventilators_.post(ventilator, Kept{.job = kept.job, .done = kept.done, .failed = kept.failed});
}

/// Notes what a sink said of the tasks of `range`; what it refused goes back to the ventilator.
void WorkerCore::settle(Pending& pending, SeqRange range, bool refused, bool done) {
  SeqSet part;
  for (SeqRange open : pending.open.present(range)) part.insert(open);
  if (part.empty()) return;
  for (SeqRange open : part.ranges()) pending.open.erase(open);
  const Origin& origin = pending.origin;
  if (refused && origin.number != 0) {
    to_ventilators_.post(origin.ventilator, Return{origin.number, part});
  }
  if (done) done_ += part.count();
  account(origin, part);
}

void WorkerCore::end_pending(PendingMap::iterator at) {
  pending_bytes_ -= at->second.bytes;
  pending_.erase(at);
}

/// Tells the sinks of a job that it is over, and the ventilator which of them know.
void WorkerCore::close_at_sinks(const Ventilator& ventilator) {
  const Job& job = *ventilator.job;
  PeerId peer = 0;
  find_job(job.job, &peer);
  for (const Id& sink : job.sinks) {
    if (closed_.contains({job.job, sink})) {
      to_ventilators_.post(peer, Closed{job.job, sink});
    } else if (PeerId to = find_sink(sink); to != 0) {
      to_sinks_.post(to, Close{.job = job.job,
                               .name = job.name,
                               .total = job.total,
                               .done = job.done,
                               .failed = job.failed,
                               .stopped = job.stopped,
                               .sinks = job.sinks});
    }
  }
}

/// Whether every sink of the job has said that it knows the end.
bool WorkerCore::all_closed(const Job& job) const {
  return std::ranges::all_of(job.sinks, [&](const Id& sink) {
    return closed_.contains({job.job, sink});
  });
}

/// The ventilator of a job is back: what was finished meanwhile may go to the sinks.
void WorkerCore::adopt_orphans(PeerId peer, const Id& job) {
  for (auto at = pending_.lower_bound({job, 0}); at != pending_.end() && at->first.first == job;
       ++at) {
    if (at->second.orphaned_at == never) continue;
    at->second.orphaned_at = never;
    at->second.origin.ventilator = peer;
  }
}

/// Results whose ventilator has been gone for a lease: it has handed the tasks out again.
void WorkerCore::drop_orphans(Time now) {
  for (auto at = pending_.begin(); at != pending_.end();) {
    auto next = std::next(at);
    const Pending& pending = at->second;
    bool expired =
        pending.orphaned_at != never && now - pending.orphaned_at >= leases_[pending.origin.job];
    if (expired) end_pending(at);
    at = next;
  }
  if (!pending_.empty() || !gathered_.empty() || !runs_.empty()) return;
  std::erase_if(leases_, [this](const auto& entry) { return find_job(entry.first) == nullptr; });
}

std::optional<Id> WorkerCore::missing_sink() const {
  if (sinks_.empty()) return std::nullopt;
  for (const auto& [peer, ventilator] : ventilators_) {
    if (!ventilator.job) continue;
    if (ventilator.job->sinks.empty() && !all_sinks_) return Id();
    for (const Id& sink : ventilator.job->sinks) {
      bool needed = !closed_.contains({ventilator.job->job, sink});
      if (needed && find_sink(sink) == 0) return sink;
    }
  }
  return std::nullopt;
}

const Job* WorkerCore::find_job(const Id& job, PeerId* ventilator) const {
  for (const auto& [peer, candidate] : ventilators_) {
    if (!candidate.job || candidate.job->job != job) continue;
    if (ventilator != nullptr) *ventilator = peer;
    return &*candidate.job;
  }
  return nullptr;
}

PeerId WorkerCore::find_sink(const Id& sink) const {
  for (const auto& [peer, candidate] : sinks_) {
    if (candidate.id == sink) return peer;
  }
  return 0;
}

}  // namespace shoal::pipeline
