#include <arpa/inet.h>
#include <array>
#include <ifaddrs.h>
#include <memory>
#include <net/if.h>

#include <shoal/net/advertise.hpp>
#include <shoal/net/endpoint.hpp>

namespace shoal::net {
namespace {

constexpr std::size_t most = 16;

/// The IPv4 addresses of this machine that are up, loopback last.
std::vector<std::string> addresses() {
  ifaddrs* first = nullptr;
  if (getifaddrs(&first) != 0) return {"127.0.0.1"};
  std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> all(first, &freeifaddrs);
  std::vector<std::string> found;
  for (ifaddrs* at = first; at != nullptr; at = at->ifa_next) {
    bool up = (at->ifa_flags & IFF_UP) != 0 && (at->ifa_flags & IFF_LOOPBACK) == 0;
    if (!up || at->ifa_addr == nullptr || at->ifa_addr->sa_family != AF_INET) continue;
    std::array<char, INET_ADDRSTRLEN> text{};
    const auto* address = reinterpret_cast<const sockaddr_in*>(at->ifa_addr);
    inet_ntop(AF_INET, &address->sin_addr, text.data(), text.size());
    found.emplace_back(text.data());
  }
  found.emplace_back("127.0.0.1");
  return found;
}

}  // namespace

std::vector<std::string> advertised(const std::vector<std::string>& bound) {
  std::vector<std::string> all;
  for (const std::string& text : bound) {
    Result<Endpoint> endpoint = parse_endpoint(text);
    if (!endpoint) continue;
    bool everywhere =
        endpoint->kind == Endpoint::Kind::tcp &&
        (endpoint->host == "*" || endpoint->host == "0.0.0.0" || endpoint->host == "::");
    std::vector<std::string> hosts = everywhere ? addresses() : std::vector{endpoint->host};
    for (std::string& host : hosts) {
      endpoint->host = std::move(host);
      if (all.size() < most) all.push_back(endpoint->text());
    }
  }
  return all;
}

}  // namespace shoal::net
