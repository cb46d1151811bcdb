// How the sink puts results in the order of their tasks.

#include <algorithm>

#include <shoal/base/assert.hpp>
#include <shoal/pipeline/sink_core.hpp>

namespace shoal::pipeline {

using namespace wire::pipeline;

namespace {

// Small results that follow one another are set aside together, up to so much.
constexpr std::uint64_t chunk_bytes = 1UL << 20;

// What a result that is held takes beside its bytes, roughly.
constexpr std::uint64_t overhead = 256;

}  // namespace

/// Takes a result that may have to wait for its turn. Where results outlive a restart it is acked
/// only once it is written or set aside; elsewhere memory is as good as the output.
void SinkCore::hold(State& state, wire::Batch batch, Time now) {
  SeqRange range = batch.range;
  held_bytes_ += weight(batch);
  state.held_tasks.insert(range);
  state.held.emplace(range.first, Held{std::move(batch), now});
  if (!options_.keeps) mark_done(state, range);
  write_in_turn(state);
  limit_memory(state);
}

/// Writes all whose turn has come: it passes over what other sinks keep and over dead letters.
void SinkCore::write_in_turn(State& state) {
  while (true) {
    state.next = skip_foreign(state, state.written.first_missing(state.next));
    if (state.written.contains(state.next)) continue;
    if (auto held = state.held.find(state.next); held != state.held.end()) {
      wire::Batch batch = std::move(held->second.batch);
      held_bytes_ -= weight(batch);
      state.held.erase(held);
      state.held_tasks.erase(batch.range);
      mark_done(state, batch.range);
      write(state, std::move(batch));
    } else if (auto aside = state.aside.find(state.next); aside != state.aside.end()) {
      SeqRange range = aside->second;
      state.aside.erase(aside);
      state.written.insert(range);
      dirty_ = true;
      actions_.push_back(sink_action::WriteAside{state.job.job, state.job.name, range});
    } else {
      return;
    }
  }
}

/// The job is over: what still waits is waiting for results that another sink has kept.
void SinkCore::flush_held(State& state) {
  write_in_turn(state);
  while (!state.held.empty() || !state.aside.empty()) {
    Seq held = state.held.empty() ? ~Seq{0} : state.held.begin()->first;
    Seq aside = state.aside.empty() ? ~Seq{0} : state.aside.begin()->first;
    state.next = std::min(held, aside);
    write_in_turn(state);
  }
}

/// Sets aside the results at `at` together with those that follow on them, up to a chunk, so that
/// many small ones cost little more than their bytes. Returns the next one that is still held.
std::map<Seq, SinkCore::Held>::iterator SinkCore::set_aside(State& state,
                                                            std::map<Seq, Held>::iterator at) {
  wire::Batch batch = at->second.batch;
  std::vector<wire::Batch> parts;
  std::uint64_t bytes = 0;
  for (Seq next = at->first; at != state.held.end() && at->first == next && bytes < chunk_bytes;) {
    wire::Batch& part = at->second.batch;
    bool joins = part.framing == batch.framing && part.delimiter == batch.delimiter;
    if (!parts.empty() && (!joins || part.framing == wire::Framing::opaque)) break;
    bytes += part.payload.size();
    held_bytes_ -= weight(part);
    next = part.range.end();
    parts.push_back(std::move(part));
    at = state.held.erase(at);
  }
  std::optional<wire::Batch> joined = wire::join(parts);
  SHOAL_ASSERT(joined);
  state.held_tasks.erase(joined->range);
  state.aside[joined->range.first] = joined->range;
  mark_done(state, joined->range);
  dirty_ = true;
  actions_.push_back(sink_action::SetAside{state.job.job, std::move(*joined)});
  return at;
}

/// Sets aside the results whose turn is furthest off, down to half the limit.
void SinkCore::limit_memory(State& state) {
  if (held_bytes_ <= options_.memory) return;
  std::uint64_t near = 0;
  auto at = state.held.begin();
  while (at != state.held.end() && near < options_.memory / 2) near += weight((at++)->second.batch);
  while (at != state.held.end()) at = set_aside(state, at);
}

void SinkCore::set_overdue_aside(Time now) {
  if (!options_.keeps) return;
  for (auto& [id, state] : jobs_) {
    for (auto at = state.held.begin(); at != state.held.end();) {
      bool overdue = now - at->second.since >= options_.patience;
      at = overdue ? set_aside(state, at) : std::next(at);
    }
  }
}

std::uint64_t SinkCore::weight(const wire::Batch& batch) {
  return batch.payload.size() + overhead;
}

Seq SinkCore::skip_foreign(const State& state, Seq seq) const {
  if (state.sinks.size() <= 1) return seq;
  // Only the blocks up to the end can be ours; without one, a bound keeps the search short.
  for (int blocks = 0; blocks < 1024; ++blocks) {
    if (state.job.total && seq >= *state.job.total) return seq;
    if (sink_of(state.job.job, seq, state.sinks) == options_.id) return seq;
    seq = (seq / block_tasks + 1) * block_tasks;
  }
  return seq;
}

}  // namespace shoal::pipeline
