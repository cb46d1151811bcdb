#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include <shoal/base/id.hpp>
#include <shoal/net/plain_socket.hpp>
#include <shoal/pipeline/executor.hpp>
#include <shoal/runtime/reactor.hpp>

namespace shoal::pipeline {

struct PlainWorkerOptions {
  std::vector<std::string> from;  ///< ventilators to dial; none and no from_binds: the default
  std::vector<std::string> from_binds;  ///< where ventilators may dial us
  std::vector<std::string> to;          ///< sinks to dial; none and no to_binds: the default
  std::vector<std::string> to_binds;    ///< where sinks may dial us
  ExecutorOptions executor;
};

/// Pulls tasks, runs them and pushes the results, one a message: at most once, and a task that
/// fails has no result. Takes no more than it can run while results wait for a sink. Reactor's
/// thread only.
class PlainWorker {
 public:
  /// Throws Error as PlainSocket and make_executor do. Context and reactor outlive it.
  PlainWorker(net::Context& context, runtime::Reactor& reactor, PlainWorkerOptions options);

  /// Takes no more tasks, finishes those it has, and brings their results away.
  void drain();

  /// After drain(): whether all results have been written to the sinks.
  bool finished() const { return to_.closed(); }

  std::uint64_t taken() const { return taken_; }    ///< tasks received
  std::uint64_t done() const { return done_; }      ///< tasks that succeeded
  std::uint64_t failed() const { return failed_; }  ///< tasks that did not
  bool had_peer() const { return from_.had_peer(); }

 private:
  bool take_tasks();
  void take(const Bytes& task);
  void start_gathered();
  void start(wire::Batch tasks);
  void on_finished(RunId id, const wire::Batch& results);
  void on_failed(RunId id, const std::string& status, const std::string& error);
  bool bring_results();
  void close_if_done();

  Id job_ = Id::random();  // for SHOAL_JOB, since a plain ventilator names none
  WorkKind kind_;
  std::size_t most_runs_;
  Seq next_seq_ = 0;
  RunId next_run_ = 1;
  std::string gathered_;  // lines for the next run of many
  std::uint64_t gathered_count_ = 0;
  std::unordered_map<RunId, std::uint64_t> running_;  // how many tasks each
  std::deque<Bytes> results_;                         // on their way to the sinks
  std::uint64_t taken_ = 0;
  std::uint64_t done_ = 0;
  std::uint64_t failed_ = 0;
  bool draining_ = false;
  net::PlainSocket from_;
  net::PlainSocket to_;
  std::unique_ptr<Executor> executor_;
};

}  // namespace shoal::pipeline
