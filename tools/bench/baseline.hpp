#pragma once

#include <string>
#include <vector>

namespace shoal::bench {

/// The bare-libzmq programs and the bare spawn loop that shoal is measured against, written as
/// plainly and as fast as one would by hand. Each is a process of its own: the bench runs itself
/// as `bench bare ROLE ARG...`, and this is that process. Returns its exit code.
int run_baseline(const std::vector<std::string>& arguments);

}  // namespace shoal::bench
