#include "support/node.hpp"

namespace shoal::test {

bool run_until(runtime::Reactor& reactor, const std::function<bool()>& done, Duration limit) {
  Time end = std::chrono::steady_clock::now() + limit;
  while (!done()) {
    if (std::chrono::steady_clock::now() >= end) return false;
    reactor.run_once(std::chrono::milliseconds(10));
  }
  return true;
}

net::PortOptions port_options(std::string role, std::vector<std::string> accepts) {
  net::PortOptions options;
  options.role = std::move(role);
  options.accepts = std::move(accepts);
  options.node = Id::random();
  options.redial_first = std::chrono::milliseconds(10);
  options.redial_most = std::chrono::milliseconds(100);
  options.waiting_notice = std::chrono::hours(1);
  return options;
}

net::PortOptions listening(std::string role, std::vector<std::string> accepts) {
  net::PortOptions options = port_options(std::move(role), std::move(accepts));
  options.binds = {"tcp://127.0.0.1:*"};
  return options;
}

net::PortOptions dialling(const std::string& endpoint, std::string role,
                          std::vector<std::string> accepts) {
  net::PortOptions options = port_options(std::move(role), std::move(accepts));
  options.connects = {endpoint};
  return options;
}

void Loop::pass(Duration time) {
  until([] { return false; }, time);
}

Node::Node(net::Context& context, runtime::Reactor& reactor, net::PortOptions options)
    : port_(context, reactor, std::move(options), *this) {}

net::Sent Node::send(std::string_view body, std::string_view head) {
  return port_.send(peer(), {.head = Bytes::copy(head), .body = Bytes::copy(body)});
}

void Node::on_up(net::PeerId peer, const wire::Hello& hello) {
  ups.emplace_back(peer, hello);
}

void Node::on_message(net::PeerId peer, wire::Message message) {
  if (on_each) return on_each(peer, message);
  messages.emplace_back(peer, std::move(message));
}

void Node::on_down(net::PeerId peer, const net::Down& why) {
  downs.emplace_back(peer, why);
}

void Node::on_plain(net::PlainPeer peer, Bytes body) {
  plains.emplace_back(std::move(peer), std::move(body));
}

void Node::on_writable(net::PeerId) {
  ++writable;
}

}  // namespace shoal::test
