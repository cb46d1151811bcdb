#pragma once

#include <string>
#include <vector>

namespace shoal::bench {

/// The processes of `shoal bench pubsub`, run as `bench bare ROLE ARG...`: `pub` and `sub` are bare
/// ZeroMQ, `live-pub` and `live-sub` are what a publisher and a subscriber of shoal consist of.
bool is_pubsub_role(const std::string& role);
int run_pubsub_role(const std::string& role, const std::vector<std::string>& arguments);

}  // namespace shoal::bench
