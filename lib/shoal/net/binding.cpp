#include <cstring>
#include <sys/socket.h>
#include <sys/un.h>

#include <shoal/base/fd.hpp>
#include <shoal/net/binding.hpp>
#include <shoal/net/port_shared.hpp>

namespace shoal::net {
namespace {

/// Whether someone listens on a Unix socket: libzmq would take its name away without a word.
bool is_served(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path || path == "*") return false;
  std::memcpy(address.sun_path, path.c_str(), path.size());
  auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
  if (path[0] == '@') {
    address.sun_path[0] = '\0';
  } else {
    ++length;
  }
  Fd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  return fd && connect(fd.get(), reinterpret_cast<sockaddr*>(&address), length) == 0;
}

Error cannot_bind(const std::string& endpoint, const char* why) {
  return Error("cannot listen on " + endpoint + ": " + why +
               "; choose another endpoint or end what uses this one");
}

/// The endpoint with its host's name looked up, because libzmq binds to addresses alone. What
/// cannot be looked up stays: it may be the name of a network interface.
Endpoint bindable(const Endpoint& endpoint, const Lookup& lookup) {
  bool tcp = endpoint.kind == Endpoint::Kind::tcp;
  if (!tcp || endpoint.host == "*" || is_address(endpoint.host)) return endpoint;
  Addresses addresses = lookup(endpoint.host);
  if (!addresses || addresses->empty()) return endpoint;
  return {.kind = endpoint.kind, .host = addresses->front(), .port = endpoint.port};
}

}  // namespace

std::string bind(zmq::socket_t& socket, Context::Impl& context, const Endpoint& endpoint,
                 const Lookup& lookup) {
  if (endpoint.kind == Endpoint::Kind::dns_tcp) {
    throw Error("cannot listen on " + endpoint.text() + ": dns+tcp is for dialling; write tcp://",
                ExitCode::usage);
  }
  if (!context.may_use(endpoint)) throw Context::Impl::not_allowed(endpoint);
  bool taken = endpoint.kind == Endpoint::Kind::ipc && is_served(endpoint.host);
  if (taken) throw cannot_bind(endpoint.text(), strerror(EADDRINUSE));
  try {
    Endpoint target = bindable(endpoint, lookup);
    prefer_ipv4(socket, target.host);
    socket.bind(target.text());
  } catch (const zmq::error_t& error) {
    throw cannot_bind(endpoint.text(), error.what());
  }
  return socket.get(zmq::sockopt::last_endpoint);
}

}  // namespace shoal::net
