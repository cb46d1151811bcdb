#include <arpa/inet.h>

#include <shoal/base/loopback.hpp>

namespace shoal {

bool is_loopback_host(const std::string& host) {
  if (host == "localhost") return true;
  in_addr v4{};
  if (inet_pton(AF_INET, host.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24U) == 127;
  in6_addr v6{};
  if (inet_pton(AF_INET6, host.c_str(), &v6) != 1) return false;
  const bool mapped_v4 = IN6_IS_ADDR_V4MAPPED(&v6) && v6.s6_addr[12] == 127;
  return mapped_v4 || IN6_IS_ADDR_LOOPBACK(&v6);
}

}  // namespace shoal
