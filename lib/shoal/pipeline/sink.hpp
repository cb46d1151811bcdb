#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <shoal/net/port.hpp>
#include <shoal/pipeline/sink_core.hpp>
#include <shoal/pipeline/sink_store.hpp>
#include <shoal/runtime/reactor.hpp>

namespace shoal::pipeline {

struct SinkOptions {
  std::vector<std::string> binds;     ///< endpoint lists; with no connects either: the default
  std::vector<std::string> connects;  ///< endpoint lists of workers that listen
  SinkStoreOptions store;
  bool keep_order = false;              ///< results are written in the order of the tasks
  bool keep_open = false;               ///< stays for further jobs
  std::size_t max_result = 64UL << 20;  ///< bytes of one result
};

/// Keeps the result of every task once: the core joined to a Port and a store. Reactor's thread
/// only.
class Sink : private net::PortEvents {
 public:
  /// Throws Error as Port and make_sink_store do. Context and reactor outlive it.
  Sink(net::Context& context, runtime::Reactor& reactor, SinkOptions options);
  ~Sink() override;

  /// Keeps what has arrived, then says goodbye.
  void drain();

  /// Whether it has said goodbye to all. A store that fails, or a job that cannot be taken, throws
  /// Error from the Reactor instead.
  bool finished() const;

  /// After finished(): nobody will ask for this job again, so its ledger goes. Not after a stop.
  void forget();

  /// Whether the reader of the output is gone.
  bool output_closed() const { return store_->closed(); }

  const SinkCore& core() const { return core_; }
  const net::Port& port() const { return port_; }

 private:
  void on_up(PeerId peer, const wire::Hello& hello) override;
  void on_message(PeerId peer, wire::Message message) override;
  void on_down(PeerId peer, const net::Down& why) override;

  bool commit_if_due();
  void commit();
  void after_commit();
  void leave();
  SinkCoreOptions core_options() const;
  net::PortOptions port_options() const;

  runtime::Reactor& reactor_;
  SinkOptions options_;
  std::unique_ptr<SinkStore> store_;
  Id id_;
  SinkCore core_;
  net::Port port_;
  Time last_commit_{};
  Duration commit_took_{0};  // the last one, of our time
  Time commit_due_{};        // when there is a commit_timer_
  bool committing_ = false;  // begun and not done
  bool draining_ = false;
  bool leaving_ = false;
  int warned_ = 0;  // dead letters told on stderr
  runtime::Registration checking_;
  runtime::Registration ticking_;
  runtime::Registration commit_timer_;
};

}  // namespace shoal::pipeline
