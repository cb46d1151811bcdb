#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <shoal/net/port.hpp>

namespace shoal::test {

/// Runs the Reactor until `done` or `limit` has passed; whether it was `done`.
bool run_until(runtime::Reactor& reactor, const std::function<bool()>& done,
               Duration limit = std::chrono::seconds(20));

/// Options with a fresh node id and short times.
net::PortOptions port_options(std::string role, std::vector<std::string> accepts);

/// A Port that remembers what it was told.
class Node final : public net::PortEvents {
 public:
  Node(net::Context& context, runtime::Reactor& reactor, net::PortOptions options);

  net::Port& port() noexcept { return port_; }
  std::string endpoint() const { return port_.bound().at(0); }
  net::PeerId peer() const { return ups.back().first; }  ///< the last that came up
  bool is_up() const { return port_.peer_count() > 0; }

  net::Sent send(std::string_view body, std::string_view head = "h");

  std::vector<std::pair<net::PeerId, wire::Hello>> ups;
  std::vector<std::pair<net::PeerId, wire::Message>> messages;
  std::vector<std::pair<net::PeerId, net::Down>> downs;
  std::vector<std::pair<net::PlainPeer, Bytes>> plains;  ///< what bare ZeroMQ programs asked
  int writable = 0;
  std::function<void(net::PeerId, wire::Message&)> on_each;  ///< instead of keeping the message

 private:
  void on_up(net::PeerId peer, const wire::Hello& hello) override;
  void on_message(net::PeerId peer, wire::Message message) override;
  void on_down(net::PeerId peer, const net::Down& why) override;
  void on_writable(net::PeerId peer) override;
  void on_plain(net::PlainPeer peer, Bytes body) override;

  net::Port port_;
};

/// A Reactor and a Context without keys, for Ports that all live on one loop.
struct Loop {
  runtime::Reactor reactor;
  net::Context context{reactor, {}};

  bool until(const std::function<bool()>& done, Duration limit = std::chrono::seconds(20)) {
    return run_until(reactor, done, limit);
  }

  /// Runs for a while in which something must not happen.
  void pass(Duration time);
};

/// Listens on a free port of the loopback.
net::PortOptions listening(std::string role, std::vector<std::string> accepts);

/// Dials `endpoint`.
net::PortOptions dialling(const std::string& endpoint, std::string role,
                          std::vector<std::string> accepts);

}  // namespace shoal::test
