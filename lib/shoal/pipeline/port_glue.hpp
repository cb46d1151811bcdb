#pragma once

#include <shoal/net/port.hpp>
#include <shoal/pipeline/outbox.hpp>

/// What the glue of all three roles does alike between a core and a Port.
namespace shoal::pipeline {

/// Names of the fields that the pipeline adds to HELLO (PROTOCOL.md, "Roles").
namespace field {
inline constexpr const char* sink = "sink";    ///< sink: its lasting id, 16 bytes
inline constexpr const char* keeps = "keeps";  ///< sink: "1" when results outlive a restart
}  // namespace field

/// Default endpoints: where ventilators and sinks listen.
inline constexpr const char* ventilator_endpoint = "tcp://127.0.0.1:5016";
inline constexpr const char* sink_endpoint = "tcp://127.0.0.1:5017";

}  // namespace shoal::pipeline
