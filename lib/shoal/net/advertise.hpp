#pragma once

#include <string>
#include <vector>

namespace shoal::net {

/// How others can dial what is bound at `bound` (as Port::bound() tells it): an endpoint that
/// listens on every address stands for each address of this machine that is up, loopback last; the
/// rest stand for themselves. At most 16.
std::vector<std::string> advertised(const std::vector<std::string>& bound);

}  // namespace shoal::net
