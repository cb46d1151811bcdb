#include "pipeline_nodes.hpp"

#include <algorithm>

#include <shoal/base/assert.hpp>

namespace shoal::sim {

using namespace pipeline;
using namespace std::chrono_literals;
using wire::Batch;
using wire::Framing;

namespace {

constexpr Duration lease = 4s;

std::string task_text(const Id& job, Seq seq) {
  return job.brief() + ":" + std::to_string(seq) + "\n";
}

wire::pipeline::Any decoded(const wire::Message& message) {
  Result<wire::pipeline::Any> any = wire::pipeline::decode(message);
  SHOAL_ASSERT(any);
  return std::move(*any);
}

}  // namespace

void VentilatorNode::start() {
  if (alive_ || finished_) return;
  alive_ = true;
  core_ = std::make_unique<VentilatorCore>(
      VentilatorCoreOptions{.job = job_,
                            .name = "sim",
                            .attempts = shared_.plan.attempts,
                            .lease = lease,
                            .window_bytes = 20000 + shared_.plan.tasks * 4,
                            .empty_wait = 60s},
      journal_);
  read_ = 0;
  read_input();
  keep_ticking();
}

void VentilatorNode::read_input() {
  std::uint64_t there = shared_.plan.tasks;
  double lasts = seconds(shared_.plan.input_lasts);
  double passed = seconds(shared_.schedule.now().time_since_epoch());
  if (passed < lasts)
    there = static_cast<std::uint64_t>(static_cast<double>(there) * passed / lasts);
  while (core_->wants_input() && read_ < there) {
    std::uint64_t most = 10 + shared_.plan.tasks / 10;
    std::uint64_t count = std::min(shared_.random.between(std::uint64_t{1}, most), there - read_);
    Batch batch{.range = {read_, count}};
    std::string text;
    for (Seq seq = read_; seq < read_ + count; ++seq) text += task_text(job_, seq);
    batch.payload = Bytes::take(std::move(text));
    read_ += count;
    core_->offer(std::move(batch), shared_.schedule.now());
  }
  if (read_ == shared_.plan.tasks && !core_->total()) core_->end_of_input(shared_.schedule.now());
}

void VentilatorNode::keep_ticking() {
  core_->tick(shared_.schedule.now());
  step();
  if (alive_)
    later(std::max(Duration(1ms), core_->next_tick() - shared_.schedule.now()),
          [this] { keep_ticking(); });
}

void VentilatorNode::step() {
  read_input();
  // The journal may lag behind, but never behind the announcement that the job is over (PIPE-22).
  if (core_->over() || shared_.random.chance(0.3)) journal_ = core_->state();
  post(core_->take_outbox());
  if (!core_->finished()) return;
  if (core_->held_bytes() != 0 && core_->in_flight() == 0 && fault_.empty()) {
    fault_ = std::to_string(core_->held_bytes()) + " bytes are counted as held in the end";
  }
  finished_ = true;
  leave();
}

void VentilatorNode::on_up(net::PeerId session, Endpoint&) {
  core_->on_up(session, 2);
  step();
}

void VentilatorNode::on_message(net::PeerId session, wire::Message message) {
  core_->on_message(session, decoded(message), shared_.schedule.now());
  step();
}

void VentilatorNode::on_down(net::PeerId session, bool left) {
  core_->on_down(session, left, shared_.schedule.now());
  step();
}

void SinkNode::start() {
  if (alive_ || finished_) return;
  alive_ = true;
  if (keeps()) written_ = disk_;
  std::vector<SinkJob> jobs;
  std::map<Id, std::vector<SeqRange>> aside;
  if (keeps()) {
    for (const auto& [id, job] : disk_.jobs) jobs.push_back(job);
    for (const auto& [key, batch] : disk_.spool) aside[key.first].push_back(batch.range);
  } else {
    written_.spool.clear();
  }
  core_ = std::make_unique<SinkCore>(SinkCoreOptions{.id = id_,
                                                     .keeps = keeps(),
                                                     .keep_order = shared_.plan.keep_order,
                                                     .keep_open = shared_.plan.ventilators > 1,
                                                     .memory = 3000},
                                     jobs, aside);
  commit_due_ = false;
  keep_ticking();
}

void SinkNode::keep_ticking() {
  core_->tick(shared_.schedule.now());
  step();
  if (alive_)
    later(std::max(Duration(1ms), core_->next_tick() - shared_.schedule.now()),
          [this] { keep_ticking(); });
}

void SinkNode::step() {
  post(core_->take_outbox());
  if (core_->finished()) {
    finished_ = true;
    return leave();
  }
  if (!core_->owes_acks() || commit_due_) return;
  commit_due_ = true;
  later(shared_.random.between(Duration(0), Duration(20ms)), [this] { commit(); });
}

bool SinkNode::crash_here() {
  if (!shared_.faults_on || !shared_.plan.crashes.contains(Role::sink)) return false;
  if (!shared_.random.chance(0.01)) return false;
  crash();
  shared_.schedule.in(shared_.random.between(Duration(1ms), Duration(2s)), [this] { start(); });
  return true;
}

/// One group commit, with a chance to die before the effect, after it, after the commit, and before
/// the acks are sent.
void SinkNode::commit() {
  commit_due_ = false;
  if (crash_here()) return;
  for (SinkAction& action : core_->take_actions()) carry_out(std::move(action));
  for (const SinkJob* job : core_->begin_commit()) written_.jobs[job->job] = *job;
  if (crash_here()) return;
  disk_ = written_;
  if (crash_here()) return;
  core_->on_committed(shared_.schedule.now());
  if (crash_here()) return;
  step();
}

void SinkNode::carry_out(SinkAction action) {
  if (auto* write = std::get_if<sink_action::Write>(&action)) {
    written_.output += write->batch.payload.view();
  } else if (auto* letter = std::get_if<sink_action::WriteLetter>(&action)) {
    written_.letters.push_back(std::move(letter->letter));
  } else if (auto* put = std::get_if<sink_action::SetAside>(&action)) {
    std::pair key(put->job, put->batch.range.first);
    SHOAL_ASSERT(!written_.spool.contains(key));
    written_.spool.emplace(key, std::move(put->batch));
  } else if (auto* take = std::get_if<sink_action::WriteAside>(&action)) {
    auto node = written_.spool.extract({take->job, take->range.first});
    SHOAL_ASSERT(!node.empty());
    written_.output += node.mapped().payload.view();
  }
}

void SinkNode::on_up(net::PeerId session, Endpoint&) {
  core_->on_up(session);
}

void SinkNode::on_message(net::PeerId session, wire::Message message) {
  core_->on_message(session, decoded(message), shared_.schedule.now());
  step();
}

void SinkNode::on_down(net::PeerId session, bool) {
  core_->on_down(session);
}

void WorkerNode::start() {
  if (alive_) return;
  alive_ = true;
  draining_ = false;
  sessions_.clear();
  sinks_now_ = 0;
  WorkerCoreOptions options{
      .kind = shared_.plan.kind, .slots = 2, .bytes = 20000 + shared_.plan.tasks, .resend = 2s};
  core_ = std::make_unique<WorkerCore>(options);
  keep_ticking();
}

void WorkerNode::forget() {
  core_.reset();
}

void WorkerNode::drain() {
  if (!alive_ || draining_) return;
  draining_ = true;
  core_->drain(shared_.schedule.now());
  step();
}

void WorkerNode::keep_ticking() {
  core_->tick(shared_.schedule.now());
  step();
  if (alive_)
    later(std::max(Duration(1ms), core_->next_tick() - shared_.schedule.now()),
          [this] { keep_ticking(); });
}

void WorkerNode::step() {
  for (bool more = true; more;) {
    std::vector<StartRun> starts = core_->take_starts();
    more = !starts.empty();
    for (const StartRun& start : starts) run(start);
    if (!alive_) return;
  }
  post(core_->take_ventilator_outbox());
  post(core_->take_sink_outbox());
  if (core_->next_flush() != never) {
    later(std::max(Duration(1ms), core_->next_flush() - shared_.schedule.now()), [this] {
      core_->flush(shared_.schedule.now());
      step();
    });
  }
  if (!core_->finished()) return;
  leave();
  shared_.schedule.in(shared_.random.between(Duration(10ms), Duration(3s)), [this] { start(); });
}

void WorkerNode::run(const StartRun& start) {
  if (shared_.plan.kind == WorkKind::instant) return finish(start);
  Duration each = shared_.random.between(Duration(100us), Duration(20ms));
  later(each * static_cast<std::int64_t>(start.tasks.range.count), [this, start] {
    finish(start);
    if (alive_) step();
  });
}

void WorkerNode::finish(const StartRun& start) {
  SeqRange range = start.tasks.range;
  bool fails = false;
  for (Seq seq = range.first; seq < range.end(); ++seq) {
    ++shared_.executions[seq];
    if (shared_.plan.poison.contains(seq)) {
      crash();
      shared_.schedule.in(1s, [this] { this->start(); });
      return;
    }
    fails = fails || shared_.plan.failing.contains(seq);
  }
  Time now = shared_.schedule.now();
  if (fails) return core_->on_failed(start.id, "exit 1", "no", range.count == 1, now);
  Batch results = start.tasks;
  if (shared_.plan.opaque) results.framing = Framing::opaque;
  if (shared_.plan.kind == WorkKind::single) {
    results = wire::sized_record(range.first, start.tasks.payload);
  }
  core_->on_finished(start.id, std::move(results), now);
}

void WorkerNode::on_up(net::PeerId session, Endpoint& other) {
  Time now = shared_.schedule.now();
  if (auto* sink = dynamic_cast<SinkNode*>(&other)) {
    sessions_[session] = Role::sink;
    ++sinks_now_;
    core_->set_all_sinks(sinks_now_ == all_sinks_);
    core_->on_sink_up(session, {.id = sink->id(), .keeps = sink->keeps()}, now);
  } else {
    sessions_[session] = Role::ventilator;
    core_->on_ventilator_up(session, now);
  }
  step();
}

void WorkerNode::on_message(net::PeerId session, wire::Message message) {
  Time now = shared_.schedule.now();
  if (sessions_[session] == Role::sink) {
    core_->on_sink_message(session, decoded(message), now);
  } else {
    core_->on_ventilator_message(session, decoded(message), now);
  }
  step();
}

void WorkerNode::on_down(net::PeerId session, bool left) {
  Time now = shared_.schedule.now();
  if (sessions_[session] == Role::sink) {
    --sinks_now_;
    core_->set_all_sinks(false);
    core_->on_sink_down(session, now);
  } else {
    core_->on_ventilator_down(session, left, now);
  }
  sessions_.erase(session);
  step();
}

}  // namespace shoal::sim
