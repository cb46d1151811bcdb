// How many tasks the worker asks for.

#include <algorithm>

#include <shoal/pipeline/worker_core.hpp>

namespace shoal::pipeline {
namespace {

using namespace wire::pipeline;

constexpr std::uint64_t unlimited = std::uint64_t{1} << 40;

// A run takes at most so many times as many tasks as the largest one so far: the first measurements
// are made on few tasks and may mislead.
constexpr std::uint64_t growth = 8;

}  // namespace

/// How many tasks one run of a batched command takes: `target` of work, or more where a run is dear
/// to begin.
std::uint64_t WorkerCore::tasks_a_run() const {
  if (options_.kind == WorkKind::instant) return unlimited;
  if (options_.kind == WorkKind::single || !cost_.known()) return 1;
  // A long-lived process has begun already, and its runs wait for each other: that is no cost of
  // theirs.
  bool begins = options_.runs_a_slot == 1;
  std::uint64_t fitting =
      begins ? cost_.fitting(options_.target) : static_cast<std::uint64_t>(options_.target / pace_);
  return std::clamp<std::uint64_t>(fitting, 1, largest_run_ * growth);
}

/// How many tasks to have here, running ones included, so that no slot waits for the network and no
/// task waits here for longer than `target`.
std::uint64_t WorkerCore::tasks_on_hand() const {
  if (options_.kind == WorkKind::instant) return unlimited;
  if (options_.kind == WorkKind::batched) {
    return options_.slots * (options_.runs_a_slot + 1) * tasks_a_run();
  }
  if (pace_ == Duration(0)) return options_.slots;
  return options_.slots * (1 + static_cast<std::uint64_t>(options_.target / pace_));
}

Credit WorkerCore::credit_for(const Ventilator& ventilator) const {
  std::uint64_t shares = std::max<std::size_t>(1, ventilators_.size());
  std::uint64_t tasks = std::max<std::uint64_t>(1, tasks_on_hand() / shares);
  std::uint64_t used = pending_bytes_ + gathered_bytes_;
  for (const auto& [peer, other] : ventilators_) used += other.waiting_bytes;
  std::uint64_t bytes = used < options_.bytes ? (options_.bytes - used) / shares : 0;

  Credit credit;
  credit.tasks = ventilator.received_tasks;
  credit.bytes = ventilator.received_bytes + bytes;
  if (tasks > ventilator.waiting_tasks && bytes > 0 && !draining_) {
    credit.tasks += tasks - ventilator.waiting_tasks;
  }
  bool single = options_.kind == WorkKind::single;
  credit.batch = std::max<std::uint64_t>(1, single ? tasks / 2 : tasks_a_run());
  for (const auto& [peer, sink] : sinks_) {
    credit.sinks.push_back(sink.id);
    if (!sink.keeps) credit.volatiles.push_back(sink.id);
  }
  credit.all_sinks = all_sinks_;
  credit.leaving = draining_;
  return credit;
}

/// Sends each ventilator its credit when it has changed by so much that it matters, or in any case
/// (`repeat`).
void WorkerCore::update_credit(bool repeat) {
  for (auto& [peer, ventilator] : ventilators_) {
    Credit credit = credit_for(ventilator);
    const Credit& old = ventilator.granted;
    std::uint64_t step = std::min<std::uint64_t>(tasks_on_hand() / 4, unlimited / 4);
    bool more = credit.tasks > old.tasks + step || credit.bytes > old.bytes + options_.bytes / 8;
    // A ventilator uses up its credit at once: that alone is no hurry, else each task would cost a
    // credit and a hand-out of its own.
    bool low = ventilator.waiting_tasks <= std::max<std::uint64_t>(step, options_.slots);
    bool starved = low && old.tasks <= ventilator.received_tasks && credit.tasks > old.tasks;
    bool other = credit.sinks != old.sinks || credit.all_sinks != old.all_sinks ||
                 credit.leaving != old.leaving;
    if (!repeat && !more && !starved && !other) continue;
    credit.revision = old.revision + 1;
    ventilator.granted = credit;
    to_ventilators_.post(peer, std::move(credit));
  }
}

}  // namespace shoal::pipeline
