#include <algorithm>
#include <arpa/inet.h>

#include <shoal/net/port_shared.hpp>

namespace shoal::net {
namespace {

// Frames in libzmq's hands for one peer. What we send is bounded by LinkPace's window, in bytes;
// the count only stops a peer that asks and never reads. What we receive is bounded by this count.
constexpr int most_outgoing = 32768;
constexpr int most_incoming = 128;
constexpr int most_unaccepted = 1024;
constexpr int handshake_limit_ms = 5000;
constexpr std::size_t frame_overhead = 64;

std::string hello_frame(const PortOptions& options) {
  return wire::encode_hello({.node = options.node, .role = options.role, .fields = options.fields});
}

}  // namespace

PortShared::PortShared(Context::Impl& context_, runtime::Reactor& reactor_,
                       const PortOptions& options_, SessionHost& host_)
    : context(context_),
      reactor(reactor_),
      options(options_),
      host(host_),
      terms{.hello = hello_frame(options_),
            .missed_heartbeats = std::max(options_.missed_heartbeats, 1),
            .heartbeat = options_.heartbeat,
            .limits = options_.limits},
      notices(reactor_),
      resolver(reactor_, options_.lookup),
      chores(reactor_) {
  terms.limits.chunk_bytes =
      std::clamp(terms.limits.chunk_bytes, LinkPace::least_chunk, LinkPace::largest_chunk);
}

void set_up(zmq::socket_t& socket, const PortLimits& limits) {
  std::size_t frame = std::max(limits.head_bytes, LinkPace::largest_chunk) + frame_overhead;
  socket.set(zmq::sockopt::maxmsgsize, static_cast<std::int64_t>(frame));
  socket.set(zmq::sockopt::sndhwm, most_outgoing);
  socket.set(zmq::sockopt::rcvhwm, most_incoming);
  socket.set(zmq::sockopt::handshake_ivl, handshake_limit_ms);
  socket.set(zmq::sockopt::backlog, most_unaccepted);
}

void prefer_ipv4(zmq::socket_t& socket, const std::string& host) {
  in_addr address{};
  socket.set(zmq::sockopt::ipv6, inet_pton(AF_INET, host.c_str(), &address) != 1);
}

}  // namespace shoal::net
