#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include <shoal/net/port.hpp>
#include <shoal/reqrep/direct_replies.hpp>
#include <shoal/reqrep/executor.hpp>
#include <shoal/reqrep/replier_core.hpp>
#include <shoal/reqrep/requester.hpp>
#include <shoal/runtime/alarm.hpp>
#include <shoal/runtime/reactor.hpp>

namespace shoal::reqrep {

struct ReplierOptions {
  std::vector<std::string> binds;      ///< endpoint lists; with no connects either: the default
  std::vector<std::string> connects;   ///< endpoint lists of requesters that listen
  std::vector<std::string> forward{};  ///< endpoint lists of the next repliers in a chain
  ExecutorOptions executor{};          ///< its `slots` are the core's too
  Duration cache{0};                   ///< how long answers are kept for repeated ids
};

/// Answers requests: the core joined to a Port, an executor, where it forwards to a requester, and
/// to the return addresses of first askers. Reactor's thread only.
class Replier : private net::PortEvents {
 public:
  /// Throws Error as Port and make_executor do. Context and reactor outlive it.
  Replier(net::Context& context, runtime::Reactor& reactor, ReplierOptions options);
  ~Replier() override;

  /// Takes nothing new and finishes what it has begun.
  void drain();

  /// Whether there is nothing left to do, and all were told goodbye.
  bool finished() const;

  const ReplierCore& core() const { return core_; }
  const net::Port& port() const { return port_; }

 private:
  Replier(net::Context& context, runtime::Reactor& reactor, ReplierOptions options, const Id& node);

  void on_up(net::PeerId peer, const wire::Hello& hello) override;
  void on_message(net::PeerId peer, wire::Message message) override;
  void on_down(net::PeerId peer, const net::Down& why) override;
  void on_plain(net::PlainPeer peer, Bytes body) override;

  void look();
  void pump();
  bool carry_out();
  void start(StartRun run);
  void stop(RunId run);
  void on_run_finished(RunId run, Reply reply);
  void pass_on(StartRun run, Bytes output);
  void on_passed_on_ended(Ended ended);
  void answer(PlainReply reply);

  runtime::Reactor& reactor_;
  std::size_t max_request_;
  ReplierCore core_;
  std::unique_ptr<Executor> executor_;
  std::unique_ptr<Requester> next_;                      // where it forwards to
  std::unordered_map<RunId, StartRun> to_be_passed_on_;  // running, and then to be forwarded
  std::unordered_map<Id, RunId> passed_on_;
  std::unordered_map<RunId, Id> passed_on_ids_;
  std::unordered_map<std::uint64_t, net::PlainPeer> plain_;
  std::uint64_t next_plain_ = 1;
  DirectReplies direct_;
  net::Port port_;
  bool pumping_ = false;
  bool leaving_ = false;
  runtime::Alarm alarm_;
  runtime::Registration looking_;
};

}  // namespace shoal::reqrep
