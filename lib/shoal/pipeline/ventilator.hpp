#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <shoal/base/error.hpp>
#include <shoal/net/port.hpp>
#include <shoal/pipeline/journal.hpp>
#include <shoal/pipeline/task_input.hpp>
#include <shoal/pipeline/ventilator_core.hpp>
#include <shoal/runtime/reactor.hpp>

namespace shoal::pipeline {

struct VentilatorOptions {
  std::vector<std::string> binds;     ///< endpoint lists; with no connects either: the default
  std::vector<std::string> connects;  ///< endpoint lists of workers that listen
  TaskInputOptions input;
  std::string job;                               ///< its name; empty: a job of this run alone
  std::optional<std::filesystem::path> journal;  ///< to go on after a crash
  std::uint32_t attempts = 3;                 ///< a task that failed so often becomes a dead letter
  Duration lease = std::chrono::seconds(30);  ///< of a hand-out that is not renewed
  std::uint64_t window_bytes = 64UL << 20;    ///< memory for tasks read but not settled
};

/// Hands the tasks of an input to workers and keeps each until a sink has its result: the core
/// joined to a Port, an input and a journal. Reactor's thread only.
class Ventilator : private net::PortEvents {
 public:
  /// Throws Error as Port, Journal and TaskInput do, and for options beyond their bounds (usage).
  /// Context and reactor outlive it.
  Ventilator(net::Context& context, runtime::Reactor& reactor, VentilatorOptions options);
  ~Ventilator() override;

  /// Reads and hands out nothing more; finished() once what is out is settled. Without a journal no
  /// later run can go on, and the sinks are told that the job is over as it is.
  void drain();

  /// Whether it is over, and said goodbye to all.
  bool finished() const;

  /// Makes the journal durable and lets go; finished() needs not hold.
  void leave_now();

  const VentilatorCore& core() const { return core_; }
  const net::Port& port() const { return port_; }

  /// What was wrong with the input, if anything.
  const std::optional<Error>& input_error() const { return input_error_; }

  /// Whether the journal told of a finished job when this began.
  bool began_over() const { return began_over_; }

  /// Whether the journal says that the job is finished.
  bool was_finished() const { return journal_ && journal_->closed(); }

 private:
  void on_up(PeerId peer, const wire::Hello& hello) override;
  void on_message(PeerId peer, wire::Message message) override;
  void on_down(PeerId peer, const net::Down& why) override;

  bool read_some();
  void tell_too_large();
  void pump();
  void commit_journal();

  runtime::Reactor& reactor_;
  std::optional<Journal> journal_;
  VentilatorCore core_;
  TaskInput input_;
  net::Port port_;
  bool input_ready_ = true;
  std::optional<Error> input_error_;
  bool began_over_ = false;
  std::optional<Seq> told_too_large_;
  bool committed_over_ = false;
  bool leaving_ = false;
  runtime::Registration reading_;
  runtime::Registration ticking_;
  runtime::Registration committing_;
};

}  // namespace shoal::pipeline
