#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <shoal/base/clock.hpp>
#include <shoal/net/port.hpp>

namespace shoal::net {

struct PlainOptions {
  std::vector<std::string> binds;     ///< endpoint lists to listen on; wildcard ports are allowed
  std::vector<std::string> connects;  ///< endpoint lists to dial; @FILE is read once, at the start
  std::string peer;                   ///< who is at the other end, for people: "worker"
  int high_water = 1000;              ///< messages libzmq holds for each peer and in each direction
  std::size_t message_bytes = 64UL << 20;  ///< one message; a peer that sends a larger one is cut
  Duration linger = Duration::max();       ///< after close(), to write what was handed out
  Duration waiting_notice = std::chrono::seconds(1);  ///< with no peer for so long, say so
  Lookup lookup = system_lookup;                      ///< of names to listen on; another in tests
};

}  // namespace shoal::net
