#pragma once

#include <cstdint>
#include <deque>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <shoal/base/clock.hpp>
#include <shoal/base/id.hpp>
#include <shoal/base/seq_set.hpp>
#include <shoal/pipeline/batch_cost.hpp>
#include <shoal/pipeline/outbox.hpp>

namespace shoal::pipeline {

/// What a worker does with tasks, as far as dealing them out is concerned.
enum class WorkKind {
  instant,  ///< nothing: the results are the tasks
  single,   ///< a run of the command for each task
  batched,  ///< the command takes many tasks at a time
};

struct WorkerCoreOptions {
  WorkKind kind = WorkKind::instant;
  std::uint32_t slots = 1;        ///< so many runs at a time
  std::uint32_t runs_a_slot = 1;  ///< queued inside a slot; 2 keeps a long-lived process busy
  bool once = false;              ///< leave when a job has ended
  Duration target = std::chrono::milliseconds(100);  ///< of work on hand, at the measured pace
  std::uint64_t bytes = 2UL << 20;  ///< of tasks on hand and results that no sink keeps yet
  Duration resend = std::chrono::seconds(10);  ///< results that no sink has confirmed for so long
  /// Small results of single tasks that come quicker than this one after another travel together.
  Duration gather = std::chrono::milliseconds(5);
};

using RunId = std::uint64_t;

/// Tasks to be run now. Answer with WorkerCore::on_finished or on_failed, once.
struct StartRun {
  RunId id = 0;
  Id job;
  std::string job_name;
  std::uint32_t attempt = 1;
  wire::Batch tasks;
};

/// What a sink says of itself in HELLO.
struct SinkFacts {
  Id id;
  bool keeps = false;  ///< it remembers across a restart what it has kept
  std::uint64_t takes = std::numeric_limits<std::uint64_t>::max();  ///< bytes of one message
};

/// The worker's side of the pipeline as a state machine (PROTOCOL.md, "Pipeline"): asks ventilators
/// for as many tasks as its measured pace can use, has them run, brings the results to the job's
/// sinks and tells the ventilator what a sink keeps. No I/O and no clock.
///
/// Results are brought to a sink only while the job's ventilator is connected: one that has gone
/// has handed the tasks to others, and a sink may have finished the job since.
class WorkerCore {
 public:
  explicit WorkerCore(WorkerCoreOptions options);

  void on_ventilator_up(PeerId peer, Time now);
  void on_ventilator_message(PeerId peer, wire::pipeline::Any message, Time now);
  /// `left`: it said goodbye, and so is not expected back.
  void on_ventilator_down(PeerId peer, bool left, Time now);

  void on_sink_up(PeerId peer, const SinkFacts& sink, Time now);
  void on_sink_message(PeerId peer, wire::pipeline::Any message, Time now);
  void on_sink_down(PeerId peer, Time now);

  /// Whether every sink that this worker was told to connect to is connected.
  void set_all_sinks(bool all) { all_sinks_ = all; }

  void on_finished(RunId run, wire::Batch results, Time now);
  void on_failed(RunId run, std::string status, std::string error, bool sure, Time now);

  /// Gives back what is not begun, asks for nothing more; finished() once the rest is kept.
  void drain(Time now);
  bool finished() const;

  void tick(Time now);
  Time next_tick() const { return next_tick_; }

  /// Sends the results that wait for others to travel with.
  void flush(Time now);
  /// When to call flush(); `never` when nothing waits.
  Time next_flush() const { return gathered_.empty() ? never : flushed_at_ + options_.gather; }

  std::vector<StartRun> take_starts() { return std::exchange(starts_, {}); }
  Outbox take_ventilator_outbox() { return to_ventilators_.take(); }
  Outbox take_sink_outbox() { return to_sinks_.take(); }

  /// Why a job with a ventilator here cannot go on although sinks are connected: an id of a sink
  /// that is needed and not here, or the nil id when not all sinks were reached yet. Nothing when
  /// all is well.
  std::optional<Id> missing_sink() const;

  std::uint64_t done() const { return done_; }      ///< tasks whose results a sink keeps
  std::uint64_t failed() const { return failed_; }  ///< attempts that failed here
  std::uint64_t taken() const { return taken_; }    ///< tasks received, less those given back
  std::uint64_t running() const { return runs_.size(); }

 private:
  struct Ventilator {
    std::optional<wire::pipeline::Job> job;
    SeqSet seen;                           // numbers of hand-outs
    std::map<std::uint64_t, SeqSet> held;  // number -> tasks not yet accounted for
    std::uint64_t received_tasks = 0;
    std::uint64_t received_bytes = 0;
    std::uint64_t waiting_tasks = 0;  // queued or running
    std::uint64_t waiting_bytes = 0;
    wire::pipeline::Credit granted;
  };
  struct Origin {  // where a task came from, to account for it there
    PeerId ventilator = 0;
    std::uint64_t number = 0;
    Id job;
  };
  struct Queued {
    Origin origin;
    std::uint32_t attempt = 1;
    wire::Batch tasks;
  };
  struct Run {
    Queued work;
    Time begun{};
  };
  struct Pending {  // a result or a dead letter on its way to a sink
    Origin origin;
    wire::pipeline::Any message;  // Results or Letter
    SeqRange range;
    SeqSet open;  // tasks no sink keeps yet
    std::uint64_t bytes = 0;
    PeerId sent_to = 0;
    Time sent_at{};
    Time orphaned_at = never;  // since when the job has no ventilator here
  };
  // By job and first task. A task that was handed here twice may be pending twice.
  using PendingMap = std::multimap<std::pair<Id, Seq>, Pending>;

  // from ventilators
  void receive(PeerId peer, wire::pipeline::Job& job, Time now);
  void receive(PeerId peer, wire::pipeline::Tasks& tasks, Time now);
  void receive(PeerId peer, wire::pipeline::Letter& letter, Time now);
  void receive(PeerId peer, wire::pipeline::Recall& recall, Time now);
  template <typename Other>
  void receive(PeerId peer, Other& other, Time now);

  // running
  void start_runs(Time now);
  void measure(const Run& run, Time now);
  void give_back(PeerId only);
  void tell_ran(const Queued& work);
  void account(const Origin& origin, const SeqSet& tasks);
  void forget_waiting(const Queued& work);

  // bringing results to the sinks (worker_results.cpp)
  void add_results(const Queued& work, wire::Batch results, Time now);
  void flush_if_due(Time now);
  static bool is_next(const Pending& group, const Pending& next);
  void add_pending(Pending pending, Time now);
  bool send_pending(Pending& pending, Time now);
  void send_range(PendingMap::iterator from, PendingMap::iterator to, Time now);
  bool cut_to_fit(Pending& pending, std::uint64_t takes);
  void send_all(const Id& job, Time now);
  void on_kept(const wire::pipeline::Kept& kept);
  void settle(Pending& pending, SeqRange range, bool refused, bool done);
  void end_pending(PendingMap::iterator at);
  void close_at_sinks(const Ventilator& ventilator);
  bool all_closed(const wire::pipeline::Job& job) const;
  void adopt_orphans(PeerId peer, const Id& job);
  void drop_orphans(Time now);
  const wire::pipeline::Job* find_job(const Id& job, PeerId* ventilator = nullptr) const;
  PeerId find_sink(const Id& sink) const;

  // credit (worker_credit.cpp)
  void update_credit(bool repeat);
  wire::pipeline::Credit credit_for(const Ventilator& ventilator) const;
  std::uint64_t tasks_on_hand() const;
  std::uint64_t tasks_a_run() const;

  WorkerCoreOptions options_;
  std::map<PeerId, Ventilator> ventilators_;
  std::map<PeerId, SinkFacts> sinks_;
  bool all_sinks_ = false;
  bool draining_ = false;
  bool job_ended_ = false;

  std::deque<Queued> queue_;
  std::map<RunId, Run> runs_;
  RunId next_run_ = 1;
  PendingMap pending_;
  PendingMap gathered_;  // results on their way to pending_, where neighbours become one
  std::uint64_t gathered_bytes_ = 0;
  Time flushed_at_{};
  std::set<std::pair<Id, Id>> closed_;  // job, sink: those that know the end
  std::map<Id, Duration> leases_;       // of jobs whose results may outlive their ventilator

  Duration pace_{0};  // of one task in one slot; 0: not measured yet
  BatchCost cost_;    // of a run
  std::uint64_t largest_run_ = 0;
  std::uint64_t pending_bytes_ = 0;
  std::uint64_t done_ = 0;
  std::uint64_t failed_ = 0;
  std::uint64_t taken_ = 0;
  Time next_tick_{};

  std::vector<StartRun> starts_;
  Outbox to_ventilators_;
  Outbox to_sinks_;
};

}  // namespace shoal::pipeline
