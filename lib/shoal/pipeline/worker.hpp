#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <shoal/net/port.hpp>
#include <shoal/pipeline/executor.hpp>
#include <shoal/pipeline/worker_core.hpp>
#include <shoal/runtime/reactor.hpp>

namespace shoal::pipeline {

struct WorkerOptions {
  std::vector<std::string>
      from;  ///< endpoint lists of ventilators; none and no from_binds: the default
  std::vector<std::string> from_binds;  ///< where ventilators may dial us
  std::vector<std::string> to;  ///< endpoint lists of sinks; none and no to_binds: the default
  std::vector<std::string> to_binds;  ///< where sinks may dial us
  ExecutorOptions executor;
  bool once = false;  ///< leave when a job has ended
};

/// Takes tasks from ventilators, runs them and brings the results to sinks: the core joined to two
/// Ports and an executor. Reactor's thread only.
class Worker {
 public:
  /// Throws Error as Port and make_executor do. Context and reactor outlive it.
  Worker(net::Context& context, runtime::Reactor& reactor, WorkerOptions options);
  ~Worker();

  /// Finishes what runs, gives back what is not begun, brings away the results.
  void drain();

  /// Whether there is nothing left to do, and all were told goodbye.
  bool finished() const;

  const WorkerCore& core() const { return core_; }
  const net::Port& from() const { return *from_; }
  const net::Port& to() const { return *to_; }

 private:
  class VentilatorSide;
  class SinkSide;

  void pump();
  void watch_flush();
  void tell_missing_sink();

  runtime::Reactor& reactor_;
  WorkerCore core_;
  std::unique_ptr<Executor> executor_;
  std::unique_ptr<VentilatorSide> ventilator_side_;
  std::unique_ptr<SinkSide> sink_side_;
  std::unique_ptr<net::Port> from_;
  std::unique_ptr<net::Port> to_;
  bool leaving_ = false;
  bool pumping_ = false;
  std::optional<Id> missing_;  // a sink that is not there, since when, and whether we said so
  Time missing_since_{};
  bool told_missing_ = false;
  runtime::Registration ticking_;
  Time flush_at_ = never;
  runtime::Registration flushing_;
};

}  // namespace shoal::pipeline
