#include "pubsub_roles.hpp"

#include <chrono>
#include <cstdint>
#include <iostream>
#include <unistd.h>

#include <zmq.hpp>

#include <shoal/base/error.hpp>
#include <shoal/stream/live_publisher.hpp>
#include <shoal/stream/live_subscriber.hpp>

namespace shoal::bench {
namespace {

using Arguments = std::vector<std::string>;

// The same on both sides.
constexpr int high_water = 4096;
constexpr std::string_view topic = "bench.topic";
constexpr int most_a_turn = 1000;

/// Prints how long the messages took, from the first to the last.
class Meter {
 public:
  explicit Meter(std::uint64_t count) : left_(count) {}

  /// One message came; true when it was the last.
  bool add() {
    if (begun_ == Time()) begun_ = std::chrono::steady_clock::now();
    if (--left_ > 0) return false;
    std::cout << Duration(std::chrono::steady_clock::now() - begun_).count() << std::endl;
    return true;
  }

 private:
  std::uint64_t left_;
  Time begun_{};
};

std::uint64_t wall_ns() {
  return static_cast<std::uint64_t>(
      Duration(std::chrono::system_clock::now().time_since_epoch()).count());
}

/// pub ENDPOINT COUNT BYTES SUBSCRIBERS, until it is killed; nothing is dropped
int run_pub(const Arguments& arguments) {
  zmq::context_t context;
  zmq::socket_t out(context, zmq::socket_type::xpub);
  out.set(zmq::sockopt::sndhwm, high_water);
  out.set(zmq::sockopt::xpub_nodrop, true);
  out.set(zmq::sockopt::xpub_verbose, true);
  out.bind(arguments.at(0));
  std::uint64_t count = std::stoull(arguments.at(1));
  std::string payload(std::stoull(arguments.at(2)), 'x');
  zmq::message_t subscription;
  for (int here = 0; here < std::stoi(arguments.at(3)); ++here) {
    static_cast<void>(out.recv(subscription));
  }
  std::string header;
  wire::live::HeaderWriter(Id::random(), 1).write(0, wall_ns(), {}, header);
  for (std::uint64_t sent = 0; sent < count; ++sent) {
    out.send(zmq::buffer(topic), zmq::send_flags::sndmore);
    out.send(zmq::buffer(payload), zmq::send_flags::sndmore);
    out.send(zmq::buffer(header), zmq::send_flags::none);
  }
  while (true) pause();
}

/// sub ENDPOINT COUNT
int run_sub(const Arguments& arguments) {
  zmq::context_t context;
  zmq::socket_t in(context, zmq::socket_type::sub);
  in.set(zmq::sockopt::rcvhwm, high_water);
  in.set(zmq::sockopt::subscribe, topic);
  in.connect(arguments.at(0));
  Meter meter(std::stoull(arguments.at(1)));
  zmq::message_t frame;
  do {
    do {
      static_cast<void>(in.recv(frame));
    } while (frame.more());
  } while (!meter.add());
  return 0;
}

int run_live_pub(const Arguments& arguments) {
  runtime::Reactor reactor;
  net::Context context(reactor, {});
  std::uint64_t left = std::stoull(arguments.at(1));
  Bytes payload = Bytes::take(std::string(std::stoull(arguments.at(2)), 'x'));
  std::size_t subscribers = std::stoull(arguments.at(3));
  stream::LivePublisherOptions options{.publisher = Id::random()};
  options.socket.plain = {
      .binds = {arguments.at(0)}, .peer = "subscriber", .high_water = high_water};
  options.socket.block = true;
  stream::LivePublisher publisher(context, reactor, options, [&] {
    if (publisher.subscribers() < subscribers) return false;
    const std::uint64_t now = wall_ns();
    for (int sent = 0; sent < most_a_turn && left > 0; ++sent, --left) {
      if (publisher.publish(topic, payload, {}, now) == stream::LivePublisher::Sent::full) {
        return sent > 0;
      }
    }
    return left > 0;
  });
  reactor.run_until([] { return false; });
  return 0;
}

int run_live_sub(const Arguments& arguments) {
  runtime::Reactor reactor;
  net::Context context(reactor, {});
  Meter meter(std::stoull(arguments.at(1)));
  bool done = false;
  stream::LiveSubscriber subscriber(
      context, reactor,
      {.socket = {.connects = {arguments.at(0)}, .peer = "publisher", .high_water = high_water},
       .topics = {.patterns = {std::string(topic)}}},
      {.message = [&](const stream::LiveArrival&) { done = done || meter.add(); },
       .gap =
           [](const stream::LiveGap&) { throw Error("messages were lost, though none may be"); }});
  reactor.run_until([&] { return done; });
  return 0;
}

}  // namespace

bool is_pubsub_role(const std::string& role) {
  return role == "pub" || role == "sub" || role == "live-pub" || role == "live-sub";
}

int run_pubsub_role(const std::string& role, const Arguments& arguments) {
  if (role == "pub") return run_pub(arguments);
  if (role == "sub") return run_sub(arguments);
  return role == "live-pub" ? run_live_pub(arguments) : run_live_sub(arguments);
}

}  // namespace shoal::bench
