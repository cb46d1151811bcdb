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

void post(Outbox outbox, net::Port& port) {
  for (const Outbox::Fault& fault : outbox.faults) port.drop(fault.peer, fault.reason);
  for (const Outbox::Envelope& envelope : outbox.envelopes) {
    net::Sent sent = port.send(envelope.to, wire::pipeline::encode(envelope.message));
    if (sent == net::Sent::full) port.drop(envelope.to, "it does not read what it asked for");
  }
}

}  // namespace shoal::pipeline
