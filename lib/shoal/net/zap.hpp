#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <shoal/net/keys.hpp>
#include <shoal/net/socket.hpp>

namespace shoal::net {

/// Answers libzmq's question whether a key may come in (ZeroMQ RFC 27, ZAP), on the Reactor. Only
/// CURVE keys that are trusted may, and come in under their NAME (User-Id).
class ZapHandler {
 public:
  static constexpr const char* domain = "shoal";

  /// Binds inproc://zeromq.zap.01, so before it no socket of the context may bind.
  ZapHandler(runtime::Reactor& reactor, zmq::context_t& context, std::vector<TrustedKey> trusted);

  /// Answers what there is; false when there was nothing. For the self-test, which runs before the
  /// Reactor does.
  bool serve();

  Socket& socket() noexcept { return socket_; }
  std::uint64_t turned_away() const noexcept { return turned_away_; }

  /// Lets one more key in, or no longer: the self-test's own.
  void trust(TrustedKey key) { trusted_.push_back(std::move(key)); }
  void distrust_last() { trusted_.pop_back(); }

 private:
  const std::string* name_of(const std::vector<zmq::message_t>& request) const;
  void reply(std::vector<zmq::message_t>& request);

  Socket socket_;
  std::vector<TrustedKey> trusted_;
  std::uint64_t turned_away_ = 0;
};

}  // namespace shoal::net
