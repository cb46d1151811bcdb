#pragma once

#include <shoal/net/port.hpp>
#include <shoal/pipeline/outbox.hpp>

/// What the glue of all three roles does alike between a core and a Port.
namespace shoal::pipeline {

/// Names of the fields that the pipeline adds to HELLO (PROTOCOL.md, "Roles").
namespace field {
inline constexpr const char* slots = "slots";  ///< worker: tasks at a time, decimal
inline constexpr const char* sink = "sink";    ///< sink: its lasting id, 16 bytes
inline constexpr const char* keeps = "keeps";  ///< sink: "1" when results outlive a restart
}  // namespace field

/// Default endpoints: where ventilators and sinks listen.
inline constexpr const char* ventilator_endpoint = "tcp://127.0.0.1:5016";
inline constexpr const char* sink_endpoint = "tcp://127.0.0.1:5017";

/// How long a node that leaves waits for its peers to confirm the goodbye.
inline constexpr Duration goodbye_limit = std::chrono::seconds(10);

/// The limits of a Port that carries tasks or results of up to `record_bytes`.
net::PortLimits limits_for(std::size_t record_bytes);

/// Sends what a core wants sent and drops the peers that it blames. A peer whose queue is full does
/// not read what it asked for: it is dropped, and comes back as a new session with nothing lost.
void post(Outbox outbox, net::Port& port);

/// Decodes a message from `peer` and hands it to `take`; a malformed one drops the peer.
template <typename Take>
void receive(net::Port& port, PeerId peer, const wire::Message& message, Take take) {
  Result<wire::pipeline::Any> any = wire::pipeline::decode(message);
  if (any) {
    take(std::move(*any));
  } else {
    port.drop(peer, "it sent a malformed message: " + any.reason());
  }
}

}  // namespace shoal::pipeline
