// How the ventilator deals its tasks out to the workers.

#include <algorithm>

#include <shoal/base/assert.hpp>
#include <shoal/pipeline/ventilator_core.hpp>

namespace shoal::pipeline {
namespace {

using namespace wire::pipeline;

// Dead letters need no credit, but a worker is not to be flooded with them.
constexpr std::size_t most_letters = 64;

// How long a worker that was asked to give tasks back has before it is asked again.
constexpr Duration recall_pause = std::chrono::milliseconds(200);

}  // namespace

void VentilatorCore::deal(Time now) {
  if (draining_ || state_.sinks.empty()) return;
  deal_letters(now);
  deal_alone(now);
  bool dealt = true;
  while (dealt) {
    dealt = false;
    // Round-robin from where the last round stopped, one hand-out each.
    auto from = workers_.upper_bound(last_dealt_);
    for (std::size_t i = 0; i < workers_.size(); ++i) {
      if (from == workers_.end()) from = workers_.begin();
      PeerId peer = from->first;
      if (deal_to(peer, from->second, now)) {
        dealt = true;
        last_dealt_ = peer;
      }
      ++from;
    }
  }
  recall(now);
}

void VentilatorCore::deal_letters(Time now) {
  for (auto& [peer, worker] : workers_) {
    while (!letters_.empty() && worker.letters < most_letters && !worker.reserved &&
           worker.credit.revision > 0 && !worker.credit.leaving &&
           letters_.front().payload.size() + head_room <= worker.takes) {
      Letter letter = std::move(letters_.front());
      letters_.pop_front();
      if (settled_.contains(letter.seq)) {
        held_bytes_ -= weight(letter);
        continue;
      }
      letter.number = worker.next_number++;
      letter.sinks = state_.sinks;
      LeaseKey key{peer, letter.number};
      open_.emplace(letter.seq, Open{letter.seq + 1, key});
      leases_.emplace(key, Lease{.letter = letter, .left = 1, .deadline = now + options_.lease});
      ++worker.letters;
      ++worker.open_tasks;
      outbox_.post(peer, std::move(letter));
    }
  }
}

/// Hands out what must run alone to workers that hold nothing; keeps one worker free for it where
/// none is.
void VentilatorCore::deal_alone(Time now) {
  PeerId least = 0;
  bool reserved = false;
  for (auto& [peer, worker] : workers_) {
    if (purge(alone_) && worker.running == 0 && has_credit(worker) &&
        fits(worker, alone_.front())) {
      hand_out(peer, worker, take_front(alone_, 1), now);
      worker.reserved = true;
    }
    reserved = reserved || (worker.reserved && !worker.credit.leaving);
    bool fewer = least == 0 || worker.running < workers_[least].running;
    if (fewer && !worker.credit.leaving && worker.credit.revision > 0) least = peer;
  }
  if (!alone_.empty() && !reserved && least != 0) workers_[least].reserved = true;
  if (!alone_.empty()) return;
  for (auto& [peer, worker] : workers_) worker.reserved = worker.reserved && worker.running > 0;
}

bool VentilatorCore::has_credit(const Worker& worker) const {
  return !worker.credit.leaving && worker.sent_tasks < worker.credit.tasks &&
         worker.sent_bytes < worker.credit.bytes;
}

/// Whether the worker takes the first task of the run.
bool VentilatorCore::fits(const Worker& worker, const Run& run) {
  auto within = [&](std::uint64_t bytes) { return bytes + head_room <= worker.takes; };
  return within(run.tasks.payload.size()) || within(run.tasks.record(run.tasks.range.first).size());
}

std::optional<VentilatorCore::TooLarge> VentilatorCore::too_large() const {
  if (workers_.empty()) return std::nullopt;
  for (const std::deque<Run>* queue : {&alone_, &again_, &fresh_}) {
    if (queue->empty()) continue;
    const Run& next = queue->front();
    bool fitting =
        std::ranges::any_of(workers_, [&](const auto& entry) { return fits(entry.second, next); });
    Seq first = next.tasks.range.first;
    if (!fitting) return TooLarge{first, next.tasks.record(first).size()};
  }
  return std::nullopt;
}

bool VentilatorCore::deal_to(PeerId peer, Worker& worker, Time now) {
  if (worker.reserved || !has_credit(worker)) return false;
  std::deque<Run>& queue = purge(again_) ? again_ : fresh_;
  if (!purge(queue)) return false;
  const Run& next = queue.front();
  if (!fits(worker, next)) return false;
  std::uint64_t size = std::max<std::uint64_t>(1, next.tasks.payload.size());
  std::uint64_t bytes = worker.credit.bytes - worker.sent_bytes;
  std::uint64_t count = std::min({worker.credit.tasks - worker.sent_tasks, worker.credit.batch,
                                  next.piece, fair_share(), next.tasks.range.count});
  if (bytes < size) {
    auto fitting = static_cast<double>(next.tasks.range.count) * static_cast<double>(bytes) /
                   static_cast<double>(size);
    count = std::min(count, static_cast<std::uint64_t>(fitting));
  }
  if (state_.sinks.size() > 1)
    count = std::min(count, block_tasks - next.tasks.range.first % block_tasks);
  hand_out(peer, worker, take_front(queue, std::max<std::uint64_t>(1, count)), now);
  return true;
}

/// Drops what has been settled meanwhile from the front of `queue`; returns whether something is
/// left, whose front is then wholly unsettled.
bool VentilatorCore::purge(std::deque<Run>& queue) {
  while (!queue.empty()) {
    SeqRange range = queue.front().tasks.range;
    std::vector<SeqRange> parts = settled_.missing(range);
    if (parts.size() == 1 && parts.front() == range) return true;
    Run run = std::move(queue.front());
    queue.pop_front();
    held_bytes_ -= weight(run);
    if (&queue == &fresh_) fresh_bytes_ -= run.tasks.payload.size();
    for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
      queue.push_front(cut(run, *part));
      held_bytes_ += weight(queue.front());
      if (&queue == &fresh_) fresh_bytes_ += queue.front().tasks.payload.size();
    }
  }
  return false;
}

VentilatorCore::Run VentilatorCore::take_front(std::deque<Run>& queue, std::uint64_t count) {
  Run& front = queue.front();
  SeqRange range = front.tasks.range;
  if (count >= range.count) {
    Run whole = std::move(front);
    queue.pop_front();
    if (&queue == &fresh_) fresh_bytes_ -= whole.tasks.payload.size();
    return whole;
  }
  held_bytes_ -= weight(front);
  Run head = front;
  head.tasks = front.tasks.slice({range.first, count});
  // What follows the head in the block is found without looking at each record again.
  wire::Batch& rest = front.tasks;
  std::size_t skip = head.tasks.payload.size();
  if (&queue == &fresh_) fresh_bytes_ -= skip;
  rest.range = {range.first + count, range.count - count};
  rest.payload = rest.payload.slice(skip, rest.payload.size() - skip);
  if (!rest.sizes.empty()) {
    rest.sizes.erase(rest.sizes.begin(), rest.sizes.begin() + static_cast<std::ptrdiff_t>(count));
  }
  held_bytes_ += weight(head) + weight(front);
  return head;
}

/// Once the input has ended, no hand-out is larger than an even share of what is left, so that the
/// last tasks spread over all workers.
std::uint64_t VentilatorCore::fair_share() const {
  if (!total_) return std::numeric_limits<std::uint64_t>::max();
  std::uint64_t slots = 0;
  for (const auto& [peer, worker] : workers_) slots += worker.slots;
  std::uint64_t left = *total_ - settled_.count();
  left -= std::min(left, in_flight() + letters_.size());
  return std::max<std::uint64_t>(1, (left + slots - 1) / std::max<std::uint64_t>(1, slots));
}

void VentilatorCore::hand_out(PeerId peer, Worker& worker, Run run, Time now) {
  SeqRange range = run.tasks.range;
  LeaseKey key{peer, worker.next_number++};
  Tasks tasks{
      .job = options_.job, .number = key.second, .attempt = run.attempts + 1, .batch = run.tasks};
  worker.sent_tasks += range.count;
  worker.sent_bytes += run.tasks.payload.size();
  worker.open_tasks += range.count;
  worker.running += range.count;
  open_.emplace(range.first, Open{range.end(), key});
  leases_.emplace(key, Lease{.run = std::move(run),
                             .letter = std::nullopt,
                             .left = range.count,
                             .ran = {},
                             .deadline = now + options_.lease});
  outbox_.post(peer, std::move(tasks));
}

/// When a worker is idle and nothing is left to deal, asks the one that holds the most for what it
/// has not begun: no worker hoards the end of a job.
void VentilatorCore::recall(Time now) {
  if (purge(fresh_) || purge(again_) || !alone_.empty()) return;
  bool idle = false;
  Worker* most = nullptr;
  PeerId from = 0;
  for (auto& [peer, worker] : workers_) {
    if (worker.running == 0 && has_credit(worker) && !worker.reserved) idle = true;
    bool hoards = worker.running > worker.slots;
    if (!hoards || now - worker.recalled < recall_pause) continue;
    if (most == nullptr || worker.running > most->running) {
      most = &worker;
      from = peer;
    }
  }
  if (!idle || most == nullptr) return;
  most->recalled = now;
  outbox_.post(from, Recall{});
}

}  // namespace shoal::pipeline
