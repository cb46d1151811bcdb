#pragma once

#include <string>
#include <utility>
#include <vector>

#include <shoal/net/port.hpp>
#include <shoal/wire/pipeline_messages.hpp>

namespace shoal::pipeline {

using net::PeerId;

/// What a core wants sent, in order, and which peers it finds at fault. The glue takes it after
/// every event, the simulator too.
struct Outbox {
  struct Envelope {
    PeerId to;
    wire::pipeline::Any message;
  };
  struct Fault {
    PeerId peer;
    std::string reason;
  };

  std::vector<Envelope> envelopes;
  std::vector<Fault> faults;

  void post(PeerId to, wire::pipeline::Any message) {
    envelopes.push_back({to, std::move(message)});
  }
  void blame(PeerId peer, std::string reason) { faults.push_back({peer, std::move(reason)}); }
  Outbox take() { return std::exchange(*this, {}); }
};

}  // namespace shoal::pipeline
