#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <shoal/net/port.hpp>
#include <shoal/reqrep/requester_core.hpp>
#include <shoal/runtime/alarm.hpp>
#include <shoal/runtime/reactor.hpp>

namespace shoal::reqrep {

struct RequesterOptions {
  std::vector<std::string> connects;  ///< endpoint lists of repliers; with no binds: the default
  std::vector<std::string> binds;     ///< where repliers may dial us
  std::optional<std::string> reply_bind{};  ///< where the last of a chain answers directly
  std::size_t max_size = 64UL << 20;        ///< bytes of one request or reply
  RequesterCoreOptions core{};              ///< but for `return_to`
};

/// Sends requests to repliers and tells how each ended: the core joined to a Port, and to a second
/// one where there is a return address. Reactor's thread only.
class Requester : private net::PortEvents {
 public:
  /// How requests ended, each once, from the Reactor or from ask(). May ask more.
  using OnEnded = std::function<void(std::vector<Ended>)>;

  /// Throws Error as Port does; (usage) for a return address that nobody could dial. Context and
  /// reactor outlive it.
  Requester(net::Context& context, runtime::Reactor& reactor, RequesterOptions options,
            OnEnded on_ended);
  ~Requester() override;

  /// New requests; their ids must be in no use. How many are open is the caller's to bound.
  void ask(std::vector<Ask> asks);

  /// As RequesterCore::widen.
  void widen(const Id& id, std::vector<Id> path);

  /// Gives a request up, without a word.
  void cancel(const Id& id);

  /// Says goodbye. Requests still open are given up.
  void close(Duration limit);
  bool closed() const;

  const RequesterCore& core() const { return *core_; }
  const net::Port& port() const { return port_; }

 private:
  class DirectSide;

  Requester(net::Context& context, runtime::Reactor& reactor, RequesterOptions options,
            OnEnded on_ended, const Id& node);

  void on_up(net::PeerId peer, const wire::Hello& hello) override;
  void on_message(net::PeerId peer, wire::Message message) override;
  void on_down(net::PeerId peer, const net::Down& why) override;

  void look();
  void pump();

  runtime::Reactor& reactor_;
  OnEnded on_ended_;
  std::unique_ptr<DirectSide> direct_side_;
  std::unique_ptr<net::Port> direct_;  // the return address
  std::unique_ptr<RequesterCore> core_;
  net::Port port_;
  bool pumping_ = false;
  runtime::Alarm alarm_;
  runtime::Registration looking_;
};

}  // namespace shoal::reqrep
