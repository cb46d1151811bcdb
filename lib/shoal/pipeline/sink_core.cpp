#include <algorithm>

#include <shoal/base/assert.hpp>
#include <shoal/pipeline/sink_core.hpp>

namespace shoal::pipeline {

using namespace wire::pipeline;

namespace {

// With several sinks, finding out how many tasks are ours takes a look at each block of the job.
// The total is a peer's word: beyond this the end of a job is known from `close` alone.
constexpr std::uint64_t most_counted = std::uint64_t{1} << 30;

void add(SeqSet& set, const std::vector<SeqRange>& ranges) {
  for (SeqRange range : ranges) set.insert(range);
}

}  // namespace

SinkCore::SinkCore(SinkCoreOptions options, std::vector<SinkJob> restored,
                   const std::map<Id, std::vector<SeqRange>>& aside)
    : options_(options) {
  for (SinkJob& job : restored) {
    State& state = jobs_[job.job];
    state.job = std::move(job);
    state.earlier = true;
    state.closed_committed = state.job.closed;
    state.committed_done = state.job.done;
    state.committed_failed = state.job.failed;
    state.written = state.job.done;
    add(state.written, state.job.failed.ranges());
    if (auto found = aside.find(state.job.job); found != aside.end()) {
      for (SeqRange range : found->second) {
        state.aside[range.first] = range;
        state.written.erase(range);
      }
    }
  }
}

void SinkCore::on_down(PeerId peer) {
  workers_.erase(peer);
  std::erase_if(waiting_, [&](const auto& entry) { return entry.first.first == peer; });
  for (auto& [id, state] : jobs_) state.asked.erase(peer);
}

void SinkCore::on_message(PeerId peer, Any message, Time now) {
  if (!workers_.contains(peer)) return;
  std::visit([&](auto& content) { receive(peer, content, now); }, message);
}

void SinkCore::receive(PeerId peer, Results& results, Time now) {
  State* state = admit(results.job, results.name);
  if (state == nullptr) return;
  learn(*state, results.total, results.sinks);
  state->complete_at.reset();
  SeqRange range = results.batch.range;
  std::vector<SeqRange> fresh = missing(*state, range);
  bool whole = fresh.size() == 1 && fresh.front() == range;
  std::uint64_t fresh_count = 0;
  for (SeqRange part : fresh) fresh_count += part.count;
  duplicates_ += range.count - fresh_count;
  if (results.batch.framing == wire::Framing::opaque && !whole && !fresh.empty()) {
    Kept answer{.job = results.job};
    add(answer.refused, fresh);
    outbox_.post(peer, std::move(answer));
    SeqSet rest;
    rest.insert(range);
    for (SeqRange part : fresh) rest.erase(part);
    for (SeqRange part : rest.ranges()) owe(peer, *state, part);
    return;
  }
  for (SeqRange part : fresh) keep(*state, results.batch.slice(part), now);
  kept_ += fresh_count;
  owe(peer, *state, range);
}

void SinkCore::receive(PeerId peer, Letter& letter, Time) {
  State* state = admit(letter.job, letter.name);
  if (state == nullptr) return;
  learn(*state, std::nullopt, letter.sinks);
  SeqRange range{letter.seq, 1};
  if (missing(*state, range).empty()) {
    ++duplicates_;
  } else {
    state->job.failed.insert(range);
    state->fresh_failed.insert(range);
    state->written.insert(range);
    state->changed = dirty_ = wrote_ = true;
    ++letters_;
    actions_.push_back(sink_action::WriteLetter{std::move(letter)});
    if (options_.keep_order) write_in_turn(*state);
  }
  owe(peer, *state, range);
}

void SinkCore::receive(PeerId peer, Close& close, Time) {
  State* state = admit(close.job, close.name);
  if (state == nullptr) return;
  learn(*state, close.total, close.sinks);
  state->asked.insert(peer);
  owed_ = true;
  state->job.stopped = close.stopped;
  if (state->job.closed) return;
  if (options_.keep_order) flush_held(*state);
  state->job.closed = state->changed = dirty_ = true;
}

template <typename Other>
void SinkCore::receive(PeerId peer, Other&, Time) {
  outbox_.blame(peer, "it sent a message that a worker does not send to a sink");
}

/// The state of a job, made at its first message. A sink for one job takes no further one while a
/// job from before its start is unfinished: their results would stand in one file.
SinkCore::State* SinkCore::admit(const Id& job, const std::string& name) {
  auto found = jobs_.find(job);
  if (found != jobs_.end()) {
    found->second.earlier = false;
    return &found->second;
  }
  for (const auto& [id, state] : jobs_) {
    bool unfinished = state.earlier && !state.job.closed && !complete(state);
    if (options_.keep_open || !unfinished) continue;
    refusal_ = "it holds " + std::to_string(state.job.done.count()) +
               " results of the unfinished job " +
               (state.job.name.empty() ? id.brief() : state.job.name) + ", and now job " +
               (name.empty() ? job.brief() : name) + " begins";
    return nullptr;
  }
  bool afresh = jobs_.empty() || (!wrote_ && !options_.keep_open);
  actions_.push_back(sink_action::Begin{job, afresh});
  State& state = jobs_[job];
  state.job.job = job;
  state.job.name = name;
  state.changed = dirty_ = true;
  return &state;
}

void SinkCore::learn(State& state, const std::optional<std::uint64_t>& total,
                     const std::vector<Id>& sinks) {
  bool news = sinks.size() > 1 && sinks != state.sinks;
  if (news) state.sinks = sinks;
  if (total && state.job.total != total) {
    state.job.total = total;
    state.changed = dirty_ = news = true;
  }
  // A total that an earlier run has learned is no news, but nothing has followed from it yet.
  if (!state.job.total || (state.expected && !news)) return;
  state.expected.reset();
  if (state.sinks.size() > 1 && *state.job.total > most_counted) return;
  state.expected = 0;
  for (SeqRange part : share_of(state.job.job, {0, *state.job.total}, state.sinks, options_.id)) {
    *state.expected += part.count;
  }
}

std::vector<SeqRange> SinkCore::missing(const State& state, SeqRange range) const {
  std::vector<SeqRange> parts;
  for (SeqRange a : state.job.done.missing(range)) {
    for (SeqRange b : state.job.failed.missing(a)) {
      for (SeqRange c : state.held_tasks.missing(b)) parts.push_back(c);
    }
  }
  return parts;
}

void SinkCore::owe(PeerId peer, State& state, SeqRange range) {
  waiting_[{peer, state.job.job}].insert(range);
  owed_ = true;
}

void SinkCore::keep(State& state, wire::Batch batch, Time now) {
  if (options_.keep_order) return hold(state, std::move(batch), now);
  mark_done(state, batch.range);
  write(state, std::move(batch));
}

void SinkCore::mark_done(State& state, SeqRange range) {
  if (state.job.done.insert(range) == 0) return;
  state.fresh_done.insert(range);
  state.changed = dirty_ = true;
}

void SinkCore::write(State& state, wire::Batch batch) {
  if (options_.keep_order) state.written.insert(batch.range);
  dirty_ = wrote_ = true;
  actions_.push_back(sink_action::Write{state.job.job, state.job.name, std::move(batch)});
}

bool SinkCore::owes_end() const {
  return std::ranges::any_of(jobs_, [this](const auto& entry) {
    const State& state = entry.second;
    bool all =
        state.expected && state.job.done.count() + state.job.failed.count() >= *state.expected;
    return !state.asked.empty() || (all && !complete(state));
  });
}

std::vector<const SinkJob*> SinkCore::begin_commit() {
  SHOAL_ASSERT(actions_.empty());
  std::vector<const SinkJob*> all;
  for (auto& [id, state] : jobs_) {
    add(state.begun_done, std::exchange(state.fresh_done, {}).ranges());
    add(state.begun_failed, std::exchange(state.fresh_failed, {}).ranges());
    state.begun_closed = state.job.closed;
    if (std::exchange(state.changed, false)) all.push_back(&state.job);
  }
  dirty_ = false;
  owed_ = false;
  return all;
}

void SinkCore::on_committed(Time now) {
  for (auto& [id, state] : jobs_) {
    add(state.committed_done, std::exchange(state.begun_done, {}).ranges());
    add(state.committed_failed, std::exchange(state.begun_failed, {}).ranges());
    state.closed_committed = state.begun_closed;
  }
  answer_waiting();
  for (auto& [id, state] : jobs_) {
    if (state.closed_committed) {
      for (PeerId peer : std::exchange(state.asked, {})) {
        outbox_.post(peer, Closed{id, options_.id});
        finished_ = finished_ || !options_.keep_open;
      }
    }
    bool all = !state.earlier && complete(state);
    if (all && !state.complete_at) state.complete_at = now;
  }
}

void SinkCore::answer_waiting() {
  for (auto at = waiting_.begin(); at != waiting_.end();) {
    const auto& [peer, job] = at->first;
    const State& state = jobs_.at(job);
    Kept kept{.job = job};
    for (SeqRange range : at->second.ranges()) {
      add(kept.done, state.committed_done.present(range));
      add(kept.failed, state.committed_failed.present(range));
    }
    for (SeqRange range : kept.done.ranges()) at->second.erase(range);
    for (SeqRange range : kept.failed.ranges()) at->second.erase(range);
    if (!kept.done.empty() || !kept.failed.empty()) outbox_.post(peer, std::move(kept));
    at = at->second.empty() ? waiting_.erase(at) : std::next(at);
  }
}

bool SinkCore::complete(const State& state) const {
  return state.expected &&
         state.committed_done.count() + state.committed_failed.count() >= *state.expected;
}

void SinkCore::tick(Time now) {
  set_overdue_aside(now);
  for (const auto& [id, state] : jobs_) {
    bool lingered = state.complete_at && now - *state.complete_at >= options_.linger;
    if (lingered && !options_.keep_open) finished_ = true;
  }
  next_tick_ = now + options_.patience / 2;
}

std::vector<const SinkJob*> SinkCore::jobs() const {
  std::vector<const SinkJob*> all;
  for (const auto& [id, state] : jobs_) all.push_back(&state.job);
  return all;
}

bool SinkCore::current(const Id& job) const {
  auto found = jobs_.find(job);
  return found != jobs_.end() && !found->second.earlier;
}

std::optional<std::uint64_t> SinkCore::expected(const Id& job) const {
  auto found = jobs_.find(job);
  return found == jobs_.end() ? std::nullopt : found->second.expected;
}

}  // namespace shoal::pipeline
