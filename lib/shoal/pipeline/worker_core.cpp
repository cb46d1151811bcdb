#include <algorithm>
#include <limits>

#include <shoal/base/assert.hpp>
#include <shoal/pipeline/worker_core.hpp>

namespace shoal::pipeline {

using namespace wire::pipeline;

namespace {

constexpr Duration tick_period = std::chrono::seconds(1);

// No credit leads to nearly as many hand-outs at a time, and their numbers fit into one `renew`.
constexpr std::size_t most_held = 32'768;

SeqSet set_of(SeqRange range) {
  SeqSet set;
  set.insert(range);
  return set;
}

}  // namespace

WorkerCore::WorkerCore(WorkerCoreOptions options) : options_(options) {
  SHOAL_ASSERT(options_.slots > 0 && options_.runs_a_slot > 0);
}

void WorkerCore::on_ventilator_up(PeerId peer, Time) {
  ventilators_[peer];
  update_credit(true);
}

void WorkerCore::on_ventilator_message(PeerId peer, Any message, Time now) {
  if (!ventilators_.contains(peer)) return;
  std::visit([&](auto& content) { receive(peer, content, now); }, message);
  start_runs(now);
  update_credit(false);
}

void WorkerCore::receive(PeerId peer, Job& job, Time now) {
  Ventilator& ventilator = ventilators_[peer];
  bool first = !ventilator.job;
  if (!first && (job.revision <= ventilator.job->revision || job.job != ventilator.job->job))
    return;
  bool same_sinks = !first && job.sinks == ventilator.job->sinks;
  ventilator.job = job;
  leases_[job.job] = job.lease;
  if (first) adopt_orphans(peer, job.job);
  if (!same_sinks) send_all(job.job, now);
  if (job.over) close_at_sinks(ventilator);
}

void WorkerCore::receive(PeerId peer, Tasks& tasks, Time) {
  Ventilator& ventilator = ventilators_[peer];
  if (ventilator.held.size() >= most_held) {
    return to_ventilators_.blame(peer, "it handed out far more than it was asked for");
  }
  if (ventilator.seen.insert({tasks.number, 1}) == 0) return;
  Queued work{{peer, tasks.number, tasks.job}, tasks.attempt, std::move(tasks.batch)};
  ventilator.held[work.origin.number] = set_of(work.tasks.range);
  ventilator.received_tasks += work.tasks.range.count;
  ventilator.received_bytes += work.tasks.payload.size();
  ventilator.waiting_tasks += work.tasks.range.count;
  ventilator.waiting_bytes += work.tasks.payload.size();
  taken_ += work.tasks.range.count;
  queue_.push_back(std::move(work));
  if (draining_) give_back(peer);
}

void WorkerCore::receive(PeerId peer, Letter& letter, Time now) {
  Ventilator& ventilator = ventilators_[peer];
  if (ventilator.held.size() >= most_held) {
    return to_ventilators_.blame(peer, "it handed out far more letters than a worker takes");
  }
  if (ventilator.seen.insert({letter.number, 1}) == 0) return;
  SeqRange range{letter.seq, 1};
  ventilator.held[letter.number] = set_of(range);
  Pending pending{.origin = {peer, letter.number, letter.job}, .range = range};
  pending.open = set_of(range);
  pending.bytes = letter.payload.size() + letter.error.size();
  letter.number = 0;
  pending.message = std::move(letter);
  add_pending(std::move(pending), now);
}

void WorkerCore::receive(PeerId peer, Recall&, Time) {
  give_back(peer);
}

template <typename Other>
void WorkerCore::receive(PeerId peer, Other&, Time) {
  to_ventilators_.blame(peer, "it sent a message that a ventilator does not send");
}

void WorkerCore::on_ventilator_down(PeerId peer, bool left, Time now) {
  auto gone = ventilators_.find(peer);
  if (gone == ventilators_.end()) return;
  // One that died needs us when it comes back, unless every sink knows that the job is over.
  const std::optional<Job>& job = gone->second.job;
  job_ended_ = job_ended_ || (job && job->over && (left || job->confirmed || all_closed(*job)));
  if (job && (left || job->confirmed)) {
    std::erase_if(closed_, [&](const auto& entry) { return entry.first == job->job; });
  }
  ventilators_.erase(gone);
  flush(now);
  std::erase_if(queue_, [&](const Queued& work) {
    if (work.origin.ventilator != peer) return false;
    taken_ -= work.tasks.range.count;
    return true;
  });
  for (auto& [key, pending] : pending_) {
    if (pending.origin.ventilator != peer) continue;
    pending.origin = {0, 0, key.first};
    pending.orphaned_at = now;
  }
  for (auto& [id, run] : runs_) {
    if (run.work.origin.ventilator == peer) run.work.origin.ventilator = 0;
  }
  update_credit(false);
}

void WorkerCore::start_runs(Time now) {
  std::uint64_t capacity = std::uint64_t{options_.slots} * options_.runs_a_slot;
  if (options_.kind == WorkKind::instant) capacity = std::numeric_limits<std::uint64_t>::max();
  while (!queue_.empty() && runs_.size() < capacity) {
    Queued& front = queue_.front();
    Run run{.work = front, .begun = now};
    SeqRange range = front.tasks.range;
    if (options_.kind == WorkKind::single && range.count > 1) {
      run.work.tasks = front.tasks.slice({range.first, 1});
      front.tasks = front.tasks.slice({range.first + 1, range.count - 1});
    } else {
      queue_.pop_front();
    }
    const Job* job = find_job(run.work.origin.job);
    starts_.push_back(StartRun{.id = next_run_,
                               .job = run.work.origin.job,
                               .job_name = job != nullptr ? job->name : "",
                               .attempt = run.work.attempt,
                               .tasks = run.work.tasks});
    runs_.emplace(next_run_++, std::move(run));
  }
}

void WorkerCore::on_finished(RunId id, wire::Batch results, Time now) {
  auto at = runs_.find(id);
  SHOAL_ASSERT(at != runs_.end());
  Run run = std::move(at->second);
  runs_.erase(at);
  measure(run, now);
  forget_waiting(run.work);
  tell_ran(run.work);
  add_results(run.work, std::move(results), now);
  start_runs(now);
  flush_if_due(now);
  update_credit(false);
}

/// Tells the ventilator of tasks that are suspected, so that they are blamed for no death after.
void WorkerCore::tell_ran(const Queued& work) {
  const Origin& origin = work.origin;
  if (work.attempt == 1 || !ventilators_.contains(origin.ventilator)) return;
  to_ventilators_.post(origin.ventilator, Ran{origin.number, set_of(work.tasks.range)});
}

void WorkerCore::on_failed(RunId id, std::string status, std::string error, bool sure, Time now) {
  auto at = runs_.find(id);
  SHOAL_ASSERT(at != runs_.end());
  Run run = std::move(at->second);
  runs_.erase(at);
  measure(run, now);
  forget_waiting(run.work);
  failed_ += run.work.tasks.range.count;
  const Origin& origin = run.work.origin;
  if (ventilators_.contains(origin.ventilator)) {
    to_ventilators_.post(origin.ventilator, Failed{.number = origin.number,
                                                   .range = run.work.tasks.range,
                                                   .status = std::move(status),
                                                   .error = std::move(error),
                                                   .sure = sure});
    account(origin, set_of(run.work.tasks.range));
  }
  start_runs(now);
  flush_if_due(now);
  update_credit(false);
}

/// The pace is a moving average, so that one odd task does not decide how many are asked for.
void WorkerCore::measure(const Run& run, Time now) {
  auto count = static_cast<std::int64_t>(run.work.tasks.range.count);
  Duration each = std::max(Duration(1), (now - run.begun) / count);
  pace_ = pace_ == Duration(0) ? each : (pace_ * 3 + each) / 4;
  cost_.add(run.work.tasks.range.count, now - run.begun);
  largest_run_ = std::max(largest_run_, run.work.tasks.range.count);
}

/// Returns what is not begun: to all ventilators, or to the one given.
void WorkerCore::give_back(PeerId only) {
  std::erase_if(queue_, [&](const Queued& work) {
    if (only != 0 && work.origin.ventilator != only) return false;
    SeqSet tasks = set_of(work.tasks.range);
    to_ventilators_.post(work.origin.ventilator, Return{work.origin.number, tasks});
    account(work.origin, tasks);
    forget_waiting(work);
    taken_ -= work.tasks.range.count;
    return true;
  });
}

/// The tasks of a hand-out need no lease any more.
void WorkerCore::account(const Origin& origin, const SeqSet& tasks) {
  auto ventilator = ventilators_.find(origin.ventilator);
  if (ventilator == ventilators_.end()) return;
  auto held = ventilator->second.held.find(origin.number);
  if (held == ventilator->second.held.end()) return;
  for (SeqRange range : tasks.ranges()) held->second.erase(range);
  if (held->second.empty()) ventilator->second.held.erase(held);
}

void WorkerCore::forget_waiting(const Queued& work) {
  auto at = ventilators_.find(work.origin.ventilator);
  if (at == ventilators_.end()) return;
  at->second.waiting_tasks -= work.tasks.range.count;
  at->second.waiting_bytes -= work.tasks.payload.size();
}

void WorkerCore::drain(Time now) {
  draining_ = true;
  flush(now);
  give_back(0);
  update_credit(true);
}

bool WorkerCore::finished() const {
  bool idle = queue_.empty() && runs_.empty();
  bool undelivered = std::ranges::any_of(
      pending_, [](const auto& entry) { return entry.second.orphaned_at == never; });
  if (draining_) return idle && !undelivered;
  return options_.once && job_ended_ && ventilators_.empty() && idle;
}

void WorkerCore::tick(Time now) {
  flush(now);
  drop_orphans(now);
  for (auto& [key, pending] : pending_) {
    if (now - pending.sent_at >= options_.resend) pending.sent_to = 0;
  }
  send_range(pending_.begin(), pending_.end(), now);
  for (auto& [peer, ventilator] : ventilators_) {
    Renew renew;
    for (const auto& [number, tasks] : ventilator.held) renew.numbers.insert({number, 1});
    to_ventilators_.post(peer, std::move(renew));
    if (ventilator.job && ventilator.job->over) close_at_sinks(ventilator);
  }
  update_credit(true);
  next_tick_ = now + tick_period;
}

}  // namespace shoal::pipeline
