#include <algorithm>

#include <shoal/pipeline/port_glue.hpp>

namespace shoal::pipeline {

net::PortLimits limits_for(std::size_t record_bytes) {
  // Batches of small records are far smaller; room for the head and the frames around it.
  constexpr std::size_t slack = 16UL << 20;
  net::PortLimits limits;
  limits.message_bytes = std::max(limits.message_bytes, record_bytes + slack);
  limits.queue_bytes = std::max(limits.queue_bytes, limits.message_bytes);
  return limits;
}

}  // namespace shoal::pipeline
