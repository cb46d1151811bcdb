#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <shoal/base/clock.hpp>
#include <shoal/base/id.hpp>
#include <shoal/base/seq_set.hpp>
#include <shoal/pipeline/outbox.hpp>

namespace shoal::pipeline {

struct SinkCoreOptions {
  Id id;                    ///< ours, the same across restarts where results outlive them
  bool keeps = false;       ///< results outlive a restart: only what is committed is acked
  bool keep_order = false;  ///< results are written in the order of the tasks
  bool keep_open = false;   ///< stay for further jobs
  std::uint64_t memory = 64UL << 20;  ///< of results that wait for their turn; more is set aside
  Duration patience = std::chrono::milliseconds(200);  ///< a result may wait unacked for its turn
  Duration linger =
      std::chrono::seconds(30);  ///< complete and all quiet, but no ventilator said so
};

/// A job as the sink keeps it; also what its ledger stores.
struct SinkJob {
  Id job;
  std::string name;
  SeqSet done;                         ///< results written or set aside
  SeqSet failed;                       ///< dead letters written
  std::optional<std::uint64_t> total;  ///< tasks in the whole job, once known
  bool closed = false;                 ///< the ventilator has said that it is over
  bool stopped = false;                ///< and that it ended before every task was settled
};

/// What the sink wants done with its files, in order. All of it is durable at the next commit.
namespace sink_action {

struct Begin {  ///< a job not seen before; `afresh`: the output starts anew with it
  Id job;
  bool afresh = false;
};
struct Write {  ///< append results to the output
  Id job;
  std::string name;
  wire::Batch batch;
};
struct WriteLetter {  ///< append a dead letter to the file of the failed
  wire::pipeline::Letter letter;
};
struct SetAside {  ///< put results into the spool until their turn
  Id job;
  wire::Batch batch;
};
struct WriteAside {  ///< append results from the spool to the output, and drop them there
  Id job;
  std::string name;
  SeqRange range;
};

}  // namespace sink_action

using SinkAction = std::variant<sink_action::Begin, sink_action::Write, sink_action::WriteLetter,
                                sink_action::SetAside, sink_action::WriteAside>;

/// The sink's side of the pipeline as a state machine (PROTOCOL.md, "Pipeline"): takes each task's
/// result once, puts results in order where that is asked for, and acks what is committed. No I/O
/// and no clock: the glue carries out the actions, commits, and says so.
class SinkCore {
 public:
  /// `restored`: the jobs of the ledger; `aside`: what of them waits in the spool.
  explicit SinkCore(SinkCoreOptions options, std::vector<SinkJob> restored = {},
                    const std::map<Id, std::vector<SeqRange>>& aside = {});

  void on_up(PeerId worker) { workers_.insert(worker); }
  void on_message(PeerId worker, wire::pipeline::Any message, Time now);
  void on_down(PeerId worker);

  /// What is to be carried out before the next commit, in order.
  std::vector<SinkAction> take_actions() { return std::exchange(actions_, {}); }

  /// Whether there is something that a commit would make durable.
  bool dirty() const { return dirty_; }

  /// Whether acks could go out: call on_committed(), after a commit if dirty().
  bool owes_acks() const { return dirty_ || owed_; }

  /// Whether the next commit ends something that others wait for: nothing more is to come of a job.
  bool owes_end() const;

  /// Begins a commit of all actions so far, which must have been taken and carried out. Returns the
  /// jobs that have changed since the last one, to be stored as they are now.
  std::vector<const SinkJob*> begin_commit();

  /// The commit that was begun last is durable: acks what it covers.
  void on_committed(Time now);

  /// Lets time pass: sets aside what has waited for its turn too long. To be called at next_tick()
  /// at the latest.
  void tick(Time now);
  Time next_tick() const { return next_tick_; }

  Outbox take_outbox() { return outbox_.take(); }

  /// A job is complete (and its end confirmed, or lingered over), and nothing keeps the sink open.
  bool finished() const { return finished_; }

  /// A new job came while one from before this start is unfinished: why the sink cannot go on.
  const std::string& refusal() const { return refusal_; }

  /// All jobs known to the sink.
  std::vector<const SinkJob*> jobs() const;

  /// Whether a job has been met since this start.
  bool current(const Id& job) const;

  /// How many tasks of a job this sink is to keep; nothing while that is not known, and for a job
  /// of several sinks that is too large to count.
  std::optional<std::uint64_t> expected(const Id& job) const;

  std::uint64_t duplicates() const { return duplicates_; }  ///< results and letters not taken again
  std::uint64_t kept() const { return kept_; }              ///< results taken since the start
  std::uint64_t letters() const { return letters_; }        ///< dead letters taken since the start
  std::size_t workers() const { return workers_.size(); }

 private:
  struct Held {  // waits for its turn in memory
    wire::Batch batch;
    Time since{};
  };
  struct State {
    SinkJob job;
    SeqSet committed_done;
    SeqSet committed_failed;
    SeqSet fresh_done;  // since the last commit was begun
    SeqSet fresh_failed;
    SeqSet begun_done;  // in the commit that was begun
    SeqSet begun_failed;
    bool begun_closed = false;
    std::vector<Id> sinks;                  // the job's, when there are several
    std::optional<std::uint64_t> expected;  // how many tasks are ours
    bool changed = false;
    bool earlier = false;  // from before this start, and not met since
    bool closed_committed = false;
    std::optional<Time> complete_at;
    std::set<PeerId> asked;  // workers that wait to hear that we know the end

    // keep_order
    Seq next = 0;    // whose turn it is
    SeqSet written;  // results in the output, and dead letters
    std::map<Seq, Held> held;
    SeqSet held_tasks;
    std::map<Seq, SeqRange> aside;  // in the spool
  };

  void receive(PeerId peer, wire::pipeline::Results& results, Time now);
  void receive(PeerId peer, wire::pipeline::Letter& letter, Time now);
  void receive(PeerId peer, wire::pipeline::Close& close, Time now);
  template <typename Other>
  void receive(PeerId peer, Other& other, Time now);

  State* admit(const Id& job, const std::string& name);
  void learn(State& state, const std::optional<std::uint64_t>& total, const std::vector<Id>& sinks);
  std::vector<SeqRange> missing(const State& state, SeqRange range) const;
  void owe(PeerId peer, State& state, SeqRange range);
  void keep(State& state, wire::Batch batch, Time now);
  void mark_done(State& state, SeqRange range);
  void write(State& state, wire::Batch batch);
  void answer_waiting();
  bool complete(const State& state) const;

  // keep_order (sink_order.cpp)
  void hold(State& state, wire::Batch batch, Time now);
  void write_in_turn(State& state);
  void flush_held(State& state);
  std::map<Seq, Held>::iterator set_aside(State& state, std::map<Seq, Held>::iterator at);
  static std::uint64_t weight(const wire::Batch& batch);
  void limit_memory(State& state);
  void set_overdue_aside(Time now);
  Seq skip_foreign(const State& state, Seq seq) const;

  SinkCoreOptions options_;
  std::map<Id, State> jobs_;
  std::set<PeerId> workers_;
  std::map<std::pair<PeerId, Id>, SeqSet> waiting_;  // acks owed: to whom, job, tasks
  std::vector<SinkAction> actions_;
  std::uint64_t held_bytes_ = 0;
  bool dirty_ = false;
  bool owed_ = false;
  bool wrote_ = false;  // something, since this start
  bool finished_ = false;
  std::string refusal_;
  std::uint64_t duplicates_ = 0;
  std::uint64_t kept_ = 0;
  std::uint64_t letters_ = 0;
  Time next_tick_{};
  Outbox outbox_;
};

}  // namespace shoal::pipeline
