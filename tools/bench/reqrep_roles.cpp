#include "reqrep_roles.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <deque>
#include <iostream>

#include <zmq.hpp>

#include <shoal/base/clock.hpp>
#include <shoal/base/error.hpp>
#include <shoal/reqrep/requester.hpp>

namespace shoal::bench {
namespace {

using Arguments = std::vector<std::string>;

Time now() {
  return std::chrono::steady_clock::now();
}

/// What an asker is told and what it finds out.
struct Load {
  explicit Load(const Arguments& arguments)
      : endpoint(arguments.at(0)),
        count(std::stoull(arguments.at(1))),
        in_flight(std::stoull(arguments.at(2))),
        body(std::stoull(arguments.at(3)), 'x') {}

  /// The first request does not count: connections are made for it.
  void begin() { begun = now(); }
  void answered(Time since) {
    latencies.push_back(seconds(now() - since) * 1e6);
    ++done;
  }

  void print() {
    double rate = static_cast<double>(done) / seconds(now() - begun);
    std::ranges::sort(latencies);
    std::cout << rate << " " << latencies[latencies.size() / 2] << " "
              << latencies[latencies.size() * 99 / 100] << std::endl;
  }

  std::string endpoint;
  std::uint64_t count;
  std::uint64_t in_flight;
  std::string body;
  std::uint64_t asked = 0;
  std::uint64_t done = 0;
  std::vector<double> latencies{};
  Time begun{};
};

/// A number in front of the body tells which request it is.
void bare_send(zmq::socket_t& socket, Load& load, std::vector<Time>& times) {
  zmq::message_t message(sizeof(std::uint64_t) + load.body.size());
  std::uint64_t number = load.asked++ % load.in_flight;
  std::memcpy(message.data(), &number, sizeof number);
  std::memcpy(message.data<char>() + sizeof number, load.body.data(), load.body.size());
  times[number] = now();
  socket.send(message, zmq::send_flags::none);
}

void deep(zmq::socket_t& socket) {
  socket.set(zmq::sockopt::sndhwm, 0);
  socket.set(zmq::sockopt::rcvhwm, 0);
  socket.set(zmq::sockopt::linger, 0);
}

}  // namespace

int run_bare_echo(const Arguments& arguments) {
  zmq::context_t context;
  zmq::socket_t socket(context, zmq::socket_type::router);
  deep(socket);
  socket.bind(arguments.at(0));
  zmq::message_t address;
  zmq::message_t message;
  while (true) {
    static_cast<void>(socket.recv(address));
    static_cast<void>(socket.recv(message));
    socket.send(address, zmq::send_flags::sndmore);
    socket.send(message, zmq::send_flags::none);
  }
}

int run_bare_ask(const Arguments& arguments) {
  Load load(arguments);
  zmq::context_t context;
  zmq::socket_t socket(context, zmq::socket_type::dealer);
  deep(socket);
  socket.connect(load.endpoint);
  std::vector<Time> times(load.in_flight);
  zmq::message_t message;
  bare_send(socket, load, times);
  static_cast<void>(socket.recv(message));
  load.asked = 0;
  load.begin();
  while (load.asked < std::min(load.in_flight, load.count)) bare_send(socket, load, times);
  while (load.done < load.count) {
    static_cast<void>(socket.recv(message));
    std::uint64_t number = 0;
    std::memcpy(&number, message.data(), sizeof number);
    load.answered(times.at(number));
    // The answers come in the order asked: the freed number is the next one's.
    if (load.asked < load.count) bare_send(socket, load, times);
  }
  load.print();
  return 0;
}

int run_shoal_ask(const Arguments& arguments) {
  Load load(arguments);
  runtime::Reactor reactor;
  net::Context context(reactor, {});
  std::deque<Time> times;  // one replier answers in the order asked
  reqrep::Requester* asker = nullptr;
  const Bytes body = Bytes::copy(load.body);
  auto ask = [&](std::uint64_t most) {
    std::vector<reqrep::Ask> asks;
    for (; most > 0 && load.asked < load.count; --most, ++load.asked) {
      asks.push_back({.body = body, .deadline = now() + std::chrono::minutes(1)});
      times.push_back(now());
    }
    if (!asks.empty()) asker->ask(std::move(asks));
  };
  bool warm = false;
  auto on_ended = [&](std::vector<reqrep::Ended> all) {
    for (const reqrep::Ended& ended : all) {
      if (ended.kind != reqrep::Ended::Kind::answered) throw Error("a request was not answered");
      if (warm) load.answered(times.front());
      times.pop_front();
    }
    if (warm) return ask(all.size());
    warm = true;
    load.asked = 0;
    load.begin();
    ask(load.in_flight);
  };
  reqrep::Requester requester(context, reactor, {.connects = {load.endpoint}}, on_ended);
  asker = &requester;
  ask(1);
  reactor.run_until([&] { return load.done == load.count; });
  load.print();
  return 0;
}

}  // namespace shoal::bench
