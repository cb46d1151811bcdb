#pragma once

#include <algorithm>

#include <shoal/net/port.hpp>
#include <shoal/store/log_format.hpp>

/// What the glue of both roles does alike between a core and a Port.
namespace shoal::stream {

/// How long a node that leaves waits for its peers to confirm the goodbye.
inline constexpr Duration goodbye_limit = std::chrono::seconds(10);

/// A publisher is of use with nobody there, so that nobody is there is not told.
inline constexpr Duration no_notice = std::chrono::hours(24 * 365);

/// The limits of a Port that carries any record that a log can hold.
inline net::PortLimits port_limits() {
  constexpr std::size_t slack = 1UL << 20;  // the rest of a batch, and the head
  net::PortLimits limits;
  limits.message_bytes = std::max(limits.message_bytes, store::log_most_record + slack);
  limits.queue_bytes = std::max(limits.queue_bytes, 2 * limits.message_bytes);
  return limits;
}

}  // namespace shoal::stream
