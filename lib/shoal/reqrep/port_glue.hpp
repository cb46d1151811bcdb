#pragma once

#include <cstdint>

#include <shoal/net/port.hpp>

/// What the glue of both roles does alike between a core and a Port.
namespace shoal::reqrep {

/// Default endpoint: where repliers listen.
inline constexpr const char* replier_endpoint = "tcp://127.0.0.1:5020";

/// How often a core is asked for what follows from no event, such as whether every endpoint has
/// been reached.
inline constexpr Duration look_period = std::chrono::milliseconds(100);

}  // namespace shoal::reqrep
