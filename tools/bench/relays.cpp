#include "relays.hpp"

#include <algorithm>

#include <zmq.hpp>

namespace shoal::bench {
namespace {

struct Neighbour {
  zmq::socket_t from;
  zmq::socket_t to;
};

zmq::socket_t bound(zmq::context_t& context, zmq::socket_type type, const std::string& endpoint) {
  zmq::socket_t socket(context, type);
  socket.bind(endpoint);
  return socket;
}

zmq::socket_t connected(zmq::context_t& context, zmq::socket_type type,
                        const std::string& endpoint) {
  zmq::socket_t socket(context, type);
  socket.set(zmq::sockopt::linger, 0);
  if (type == zmq::socket_type::sub) socket.set(zmq::sockopt::subscribe, "");
  socket.connect(endpoint);
  return socket;
}

}  // namespace

int run_relay(const std::vector<std::string>& arguments) {
  zmq::context_t context;
  zmq::socket_t in = bound(context, zmq::socket_type::pull, arguments.at(0));
  zmq::socket_t out = bound(context, zmq::socket_type::pub, arguments.at(1));
  std::vector<Neighbour> neighbours;
  for (std::size_t at = 2; at + 1 < arguments.size(); at += 2) {
    neighbours.push_back({bound(context, zmq::socket_type::pull, arguments[at]),
                          connected(context, zmq::socket_type::push, arguments[at + 1])});
  }
  std::vector<zmq::pollitem_t> items{{in, 0, ZMQ_POLLIN, 0}};
  for (Neighbour& each : neighbours) items.push_back({each.from, 0, ZMQ_POLLIN, 0});
  zmq::message_t message;
  while (true) {
    zmq::poll(items, std::chrono::milliseconds(-1));
    for (std::size_t source = 0; source < items.size(); ++source) {
      zmq::socket_t& from = source == 0 ? in : neighbours[source - 1].from;
      while (from.recv(message, zmq::recv_flags::dontwait)) {
        for (std::size_t i = 0; i < neighbours.size(); ++i) {
          if (i + 1 == source) continue;
          zmq::message_t copy;
          copy.copy(message);
          neighbours[i].to.send(copy, zmq::send_flags::none);
        }
        out.send(message, zmq::send_flags::none);
      }
    }
  }
}

struct BareCrowd::Impl {
  zmq::context_t context;
  std::vector<zmq::socket_t> mouths;
  std::vector<zmq::socket_t> ears;
  std::vector<zmq::pollitem_t> items;
};

BareCrowd::BareCrowd() : impl_(std::make_unique<Impl>()) {}
BareCrowd::~BareCrowd() = default;

void BareCrowd::open(const std::string& in, const std::string& out, std::size_t count) {
  while (count-- > 0) {
    impl_->mouths.push_back(connected(impl_->context, zmq::socket_type::push, in));
    impl_->ears.push_back(connected(impl_->context, zmq::socket_type::sub, out));
    impl_->items.push_back({impl_->ears.back(), 0, ZMQ_POLLIN, 0});
  }
}

std::size_t BareCrowd::size() const {
  return impl_->ears.size();
}

void BareCrowd::say(std::size_t who, std::uint64_t number) {
  const std::string text = std::to_string(number) + " the quick brown fox jumps over the lazy dog";
  impl_->mouths.at(who).send(zmq::buffer(text), zmq::send_flags::none);
}

void BareCrowd::listen(Time until) {
  auto left =
      std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
  zmq::poll(impl_->items, std::max(left, std::chrono::milliseconds(0)));
  zmq::message_t message;
  for (std::size_t who = 0; who < impl_->items.size(); ++who) {
    if (impl_->items[who].revents == 0) continue;
    while (impl_->ears[who].recv(message, zmq::recv_flags::dontwait)) {
      heard(who, std::stoull(message.to_string()));
    }
  }
}

}  // namespace shoal::bench
