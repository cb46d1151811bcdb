#pragma once

#include <string>

#include <shoal/net/context_impl.hpp>
#include <shoal/net/resolver.hpp>

namespace shoal::net {

/// Binds `socket` and returns the endpoint with its wildcards resolved. Throws Error: a dns+tcp
/// endpoint (usage), one beyond this machine without keys (not_allowed), one that is in use or is
/// not ours (error). May block to look a host name up.
std::string bind(zmq::socket_t& socket, Context::Impl& context, const Endpoint& endpoint,
                 const Lookup& lookup);

}  // namespace shoal::net
