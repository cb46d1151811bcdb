#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <shoal/base/clock.hpp>
#include <shoal/base/id.hpp>
#include <shoal/base/result.hpp>
#include <shoal/base/seq_set.hpp>
#include <shoal/wire/batch.hpp>
#include <shoal/wire/message.hpp>

/// The messages of the pipeline (PROTOCOL.md, "Pipeline"). All may be lost, repeated or overtaken
/// by later ones without harm: each states a fact or a total, never a change to one.
namespace shoal::wire::pipeline {

/// Ventilator to worker: all that there is to know about the job. The highest revision counts.
struct Job {
  Id job;
  std::string name;  ///< empty when the user gave none
  std::uint64_t revision = 0;
  Duration lease{0};
  std::vector<Id> sinks;               ///< who keeps the results; empty: not known yet
  std::optional<std::uint64_t> total;  ///< tasks in the job, once the input has ended
  bool over = false;                   ///< nothing more will come
  bool stopped = false;                ///< over before every task was settled, for good
  bool confirmed = false;              ///< over, and every sink knows it: no worker is needed
  std::uint64_t done = 0;              ///< when over: tasks with a result
  std::uint64_t failed = 0;            ///< when over: dead letters
};

/// Ventilator to worker: tasks to run, under a lease. `number` counts the hand-outs of this
/// session.
struct Tasks {
  Id job;
  std::uint64_t number = 0;
  std::uint32_t attempt = 1;
  Batch batch;
};

/// A task that failed its last attempt. Ventilator to worker (with the number of a hand-out), and
/// from the worker on to the sink (number 0).
struct Letter {
  Id job;
  std::string name;
  std::uint64_t number = 0;
  Seq seq = 0;
  std::uint32_t attempts = 0;
  std::string status;  ///< what became of the last attempt: "exit code 1", "the worker died"
  std::string error;   ///< the end of its stderr
  std::vector<Id> sinks;
  Bytes payload;  ///< the task
};

/// Ventilator to worker: give back what you have not begun; others are idle.
struct Recall {};

/// Worker to ventilator: how much it may have been handed in this session, all told.
struct Credit {
  std::uint64_t revision = 0;
  std::uint64_t tasks = 0;
  std::uint64_t bytes = 0;
  std::uint64_t batch = 1;    ///< at most so many tasks at once
  std::vector<Id> sinks;      ///< the sinks it is connected to
  std::vector<Id> volatiles;  ///< those of them that keep nothing across a restart
  bool all_sinks = false;     ///< those are all it was told to connect to
  bool leaving = false;       ///< wants nothing more
};

/// Worker to ventilator: the hand-outs that it still holds; renews their leases.
struct Renew {
  SeqSet numbers;
};

/// Sink to worker, and from the worker on to the ventilator: what stands for ever.
struct Kept {
  Id job;
  SeqSet done;     ///< tasks whose results are kept
  SeqSet failed;   ///< tasks whose dead letters are kept
  SeqSet refused;  ///< results not taken, because they cannot be cut to what was still missing
};

/// Worker to ventilator: these tasks of a hand-out failed.
struct Failed {
  std::uint64_t number = 0;
  SeqRange range;
  std::string status;
  std::string error;
  bool sure = false;  ///< it was these tasks, not others that ran beside them
};

/// Worker to ventilator: these tasks of a hand-out were not begun, or must be run again.
struct Return {
  std::uint64_t number = 0;
  SeqSet tasks;
};

/// Worker to ventilator: these tasks of a hand-out have been run, and what came of them is on its
/// way to a sink. If the worker dies now, it was not they that killed it.
struct Ran {
  std::uint64_t number = 0;
  SeqSet tasks;
};

/// Worker to sink: the results of consecutive tasks.
struct Results {
  Id job;
  std::string name;
  std::uint32_t attempt = 1;
  std::vector<Id> sinks;               ///< the job's, when there are several
  std::optional<std::uint64_t> total;  ///< tasks in the job, where known
  Batch batch;
};

/// Worker to sink: the job is over.
struct Close {
  Id job;
  std::string name;
  std::optional<std::uint64_t> total;
  std::uint64_t done = 0;
  std::uint64_t failed = 0;
  bool stopped = false;  ///< before every task was settled
  std::vector<Id> sinks;
};

/// Sink to worker, and from the worker on to the ventilator: `sink` knows that the job is over.
struct Closed {
  Id job;
  Id sink;
};

using Any = std::variant<Job, Tasks, Letter, Recall, Credit, Renew, Kept, Failed, Return, Ran,
                         Results, Close, Closed>;

/// Room for the head beside the body of one message.
inline constexpr std::uint64_t head_room = 1UL << 20;

/// The message as a Port carries it. Bulk bytes become the body and are not copied.
Message encode(const Any& message);

/// The message that `message` holds. Never throws, never trusts a length; unknown fields are
/// ignored; what PIPE-1 and PIPE-2 of PROTOCOL.md refuse is a Failure that names the field.
Result<Any> decode(const Message& message);

/// Tasks are spread over the sinks of a job in blocks of so many, so that a batch rarely has to be
/// cut.
inline constexpr std::uint64_t block_tasks = 1024;

/// Which of `sinks` keeps the task `seq` of `job`: the one with the highest hash of (job, block,
/// sink) (rendezvous hashing), so that all workers send a task's result to the same sink. `sinks`
/// must not be empty.
Id sink_of(const Id& job, Seq seq, const std::vector<Id>& sinks);

/// The parts of `range` that `self` keeps, in order.
std::vector<SeqRange> share_of(const Id& job, SeqRange range, const std::vector<Id>& sinks,
                               const Id& self);

}  // namespace shoal::wire::pipeline
