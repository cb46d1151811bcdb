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
#include <shoal/pipeline/outbox.hpp>

namespace shoal::pipeline {

struct VentilatorCoreOptions {
  Id job;
  std::string name;            ///< of the job, for people; may be empty
  std::uint32_t attempts = 3;  ///< a task that failed so often becomes a dead letter
  Duration lease = std::chrono::seconds(30);
  std::uint64_t window_bytes = 64UL << 20;        ///< memory for tasks read but not settled
  std::uint64_t ahead_bytes = 1UL << 20;          ///< of tasks read but not handed out
  Duration confirm = std::chrono::seconds(30);    ///< how long a sink may take to confirm the end
  Duration empty_wait = std::chrono::seconds(2);  ///< for someone to hear that there are no tasks
};

/// What of a job outlives a crash of the ventilator.
struct JobState {
  SeqSet done;            ///< tasks whose result a sink keeps
  SeqSet failed;          ///< tasks whose dead letter a sink keeps
  std::vector<Id> sinks;  ///< among whom the results are shared
};

/// The ventilator's side of the pipeline as a state machine (PROTOCOL.md, "Pipeline"): hands tasks
/// out by credit, keeps each until a sink has its result, and hands it out again when its worker
/// dies, leaves or loses its lease. No I/O and no clock: time comes with the events.
///
/// A task that is not settled is in exactly one place: in one of the queues, in the open part of
/// one lease, or among the dead letters.
class VentilatorCore {
 public:
  explicit VentilatorCore(VentilatorCoreOptions options, JobState restored = {});

  /// Whether more tasks may be offered: the window has room.
  bool wants_input() const;

  /// The next tasks of the input; their numbers follow on from the last ones'. Tasks that a former
  /// run has settled are skipped.
  void offer(wire::Batch tasks, Time now);

  /// No more tasks follow.
  void end_of_input(Time now);

  /// Hands out nothing from now on; finished() once nothing is out. `for_good`: no later run will
  /// go on with the job, so the sinks are told that it is over as it is.
  void drain(bool for_good, Time now);
  bool draining() const { return draining_; }

  /// `takes`: the largest message that the worker takes, in bytes.
  void on_up(PeerId worker, std::uint32_t slots,
             std::uint64_t takes = std::numeric_limits<std::uint64_t>::max());
  void on_message(PeerId worker, wire::pipeline::Any message, Time now);
  void on_down(PeerId worker, bool left, Time now);

  /// Lets time pass: expired leases, repeated announcements. To be called at next_tick() at the
  /// latest; calling it more often does no harm.
  void tick(Time now);
  Time next_tick() const { return next_tick_; }

  Outbox take_outbox() { return outbox_.take(); }

  const JobState& state() const { return state_; }
  const std::optional<std::uint64_t>& total() const { return total_; }
  bool complete() const { return total_ && settled_.count() == *total_; }
  bool over() const { return complete() || (stopped_ && leases_.empty()); }
  bool finished() const;
  bool confirmed() const;  ///< every sink has said that it knows the end

  std::uint64_t settled() const { return settled_.count(); }
  std::uint64_t offered() const { return next_seq_; }
  std::uint64_t in_flight() const;
  std::size_t workers() const { return workers_.size(); }
  /// Tasks that had to be handed out again: their attempt failed, or their worker or lease was
  /// lost.
  std::uint64_t redelivered() const { return redelivered_; }
  /// A task whose turn it is, and which is larger than any worker here takes.
  struct TooLarge {
    Seq seq = 0;
    std::uint64_t bytes = 0;
  };
  std::optional<TooLarge> too_large() const;

  std::uint64_t held_bytes() const { return held_bytes_; }  ///< what counts against the window

 private:
  using LeaseKey = std::pair<PeerId, std::uint64_t>;  // worker, number of the hand-out

  /// What an attempt that failed shows: this task failed; it took a worker down that held nothing
  /// else; or it was one of several, of which one did.
  enum class Blame { task, worker, company };

  struct Run {
    wire::Batch tasks;
    std::uint32_t attempts = 0;                                       // made so far
    std::uint64_t piece = std::numeric_limits<std::uint64_t>::max();  // hand out at most so many
    std::string status;                                               // of the last attempt
    std::string error;
  };
  struct Lease {
    Run run;
    std::optional<wire::pipeline::Letter> letter;  // instead of a run
    std::uint64_t left = 0;                        // tasks still open
    SeqSet ran;                                    // of them, those that its worker has run
    Time deadline{};
  };
  struct Open {
    Seq end;
    LeaseKey lease;
  };
  struct OpenPart {
    LeaseKey lease;
    SeqRange part;
  };
  struct Worker {
    std::uint32_t slots = 1;
    std::uint64_t takes = std::numeric_limits<std::uint64_t>::max();  // bytes of one message
    wire::pipeline::Credit credit;
    std::uint64_t sent_tasks = 0;
    std::uint64_t sent_bytes = 0;
    std::uint64_t next_number = 1;
    std::uint64_t open_tasks = 0;
    std::uint64_t running = 0;  // of them, those that it may be running: no letters
    std::size_t letters = 0;
    bool reserved = false;  // kept empty, or holding one task that must run alone
    Time recalled{};        // when it was last asked to give back
  };

  void receive(PeerId peer, wire::pipeline::Credit& credit, Time now);
  void receive(PeerId peer, wire::pipeline::Renew& renew, Time now);
  void receive(PeerId peer, wire::pipeline::Kept& kept, Time now);
  void receive(PeerId peer, wire::pipeline::Failed& failed, Time now);
  void receive(PeerId peer, wire::pipeline::Return& returned, Time now);
  void receive(PeerId peer, wire::pipeline::Ran& ran, Time now);
  void receive(PeerId peer, wire::pipeline::Closed& closed, Time now);
  template <typename Other>
  void receive(PeerId peer, Other& other, Time now);

  // dealing out (ventilator_deal.cpp)
  void deal(Time now);
  void deal_letters(Time now);
  void deal_alone(Time now);
  bool deal_to(PeerId peer, Worker& worker, Time now);
  bool has_credit(const Worker& worker) const;
  static bool fits(const Worker& worker, const Run& run);
  bool purge(std::deque<Run>& queue);
  Run take_front(std::deque<Run>& queue, std::uint64_t count);
  std::uint64_t fair_share() const;
  void hand_out(PeerId peer, Worker& worker, Run run, Time now);
  void recall(Time now);

  // settling and taking back
  void settle(const SeqSet& tasks, SeqSet& verdict);
  std::vector<OpenPart> take_open(SeqRange range, const LeaseKey* only);
  std::vector<OpenPart> open_parts(SeqRange range, const LeaseKey* only) const;
  void close_part(const LeaseKey& key, SeqRange part);
  void release(std::map<LeaseKey, Lease>::iterator at);
  void take_back(const LeaseKey& key);
  void put_back(const LeaseKey& key, const Lease& lease, SeqRange range);
  void requeue(const Run& run, SeqRange part);
  void retry(const Run& run, SeqRange part, Blame blame, std::string status, std::string error);
  void bury(const Run& run);
  Run cut(const Run& run, SeqRange part) const;
  static std::uint64_t weight(const Run& run);
  static std::uint64_t weight(const wire::pipeline::Letter& letter);

  bool is_ours(const Id& sink) const;
  void choose_sinks();
  void announce();
  wire::pipeline::Job job_message() const;
  void check_over(Time now);

  VentilatorCoreOptions options_;
  JobState state_;
  SeqSet settled_;  // done and failed together
  std::uint64_t revision_ = 1;
  Seq next_seq_ = 0;
  std::optional<std::uint64_t> total_;
  bool draining_ = false;
  bool stopped_ = false;  // draining for good

  std::deque<Run> fresh_;
  std::deque<Run> again_;
  std::deque<Run> alone_;  // one task at a time, on a worker that holds nothing else
  std::deque<wire::pipeline::Letter> letters_;
  std::map<LeaseKey, Lease> leases_;
  std::map<Seq, Open> open_;
  std::map<PeerId, Worker> workers_;
  PeerId last_dealt_ = 0;
  std::uint64_t held_bytes_ = 0;
  std::uint64_t fresh_bytes_ = 0;  // of fresh_
  std::uint64_t redelivered_ = 0;

  std::set<Id> volatile_sinks_;  // of the job's sinks, those that keep nothing across a restart
  std::set<Id> closed_;          // of the job's sinks, those that know the end
  Time ended_at_ = never;        // the end of the input
  std::optional<Time> over_at_;  // since when only their word is missing, with a worker there
  bool gave_up_ = false;
  Time next_tick_{};
  Outbox outbox_;
};

}  // namespace shoal::pipeline
