#pragma once

#include <memory>
#include <optional>
#include <vector>

#include <zmq.hpp>

#include <shoal/base/error.hpp>
#include <shoal/net/context.hpp>
#include <shoal/net/endpoint.hpp>
#include <shoal/net/keys.hpp>
#include <shoal/net/zap.hpp>
#include <shoal/runtime/reactor.hpp>

namespace shoal::net {

class Context::Impl {
 public:
  Impl(runtime::Reactor& reactor, SecurityOptions security);
  ~Impl();

  zmq::context_t& zmq() noexcept { return zmq_; }

  /// The keys a server may have; empty when there is no security.
  const std::vector<TrustedKey>& trusted() const noexcept { return trusted_; }
  bool secure() const noexcept { return own_.has_value(); }

  /// Makes `socket` let in only those who are trusted; nothing without keys.
  void secure_server(zmq::socket_t& socket) const;

  /// Makes `socket` prove who we are to the owner of `server`, and talk to no one else.
  void secure_client(zmq::socket_t& socket, const TrustedKey& server) const;

  /// Whether the endpoint may be bound or dialled: with keys, or on this machine, or when the user
  /// insists, which is said once on stderr.
  bool may_use(const Endpoint& endpoint);

  /// Lets libzmq's threads run until the process ends, instead of waiting for what closed sockets
  /// have still to send: for a node that leaves at once.
  void abandon();

  /// The Error for an endpoint that may not be used.
  static Error not_allowed(const Endpoint& endpoint);

 private:
  void self_test(ZapHandler& handler);

  SecurityOptions security_;
  std::optional<KeyPair> own_;
  std::vector<TrustedKey> trusted_;
  zmq::context_t zmq_;
  std::unique_ptr<ZapHandler> zap_;
  bool warned_ = false;
  bool abandoned_ = false;
};

}  // namespace shoal::net
