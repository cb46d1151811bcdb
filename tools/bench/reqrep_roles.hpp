#pragma once

#include <string>
#include <vector>

namespace shoal::bench {

/// The processes of the request/reply bench, `bench ROLE ARG...`: `echo ENDPOINT` answers, `ask
/// ENDPOINT COUNT IN_FLIGHT BYTES` asks so many requests of so many bytes, so many at a time, and
/// prints requests a second and the latencies' median and 99th percentile in microseconds.

/// With a bare ROUTER and a bare DEALER, a message a request, as fast as one would write it by
/// hand.
int run_bare_echo(const std::vector<std::string>& arguments);
int run_bare_ask(const std::vector<std::string>& arguments);

/// With shoal's Requester; what answers is the replier node.
int run_shoal_ask(const std::vector<std::string>& arguments);

}  // namespace shoal::bench
