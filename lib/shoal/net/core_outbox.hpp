#pragma once

#include <string>
#include <utility>
#include <vector>

#include <shoal/net/port.hpp>

namespace shoal::net {

/// What a core wants sent, in order, and which peers it finds at fault. `Any` is the variant of the
/// pattern's messages. The glue takes it after every event, the simulator too.
template <typename Any>
struct CoreOutbox {
  struct Envelope {
    PeerId to;
    Any message;
  };
  struct Fault {
    PeerId peer;
    std::string reason;
  };

  std::vector<Envelope> envelopes;
  std::vector<Fault> faults;

  template <typename Message>
  void post(PeerId to, Message&& message) {
    envelopes.emplace_back(to, std::forward<Message>(message));
  }
  void blame(PeerId peer, std::string reason) { faults.push_back({peer, std::move(reason)}); }
  CoreOutbox take() { return std::exchange(*this, {}); }
};

/// Sends what a core wants sent and drops the peers that it blames. `encode` is found by the type
/// of the messages. A peer whose queue is full does not read what it asked for: it is dropped, and
/// comes back as a new session.
template <typename Any>
void post(CoreOutbox<Any> outbox, Port& port) {
  for (const auto& fault : outbox.faults) port.drop(fault.peer, fault.reason);
  for (const auto& envelope : outbox.envelopes) {
    Sent sent = port.send(envelope.to, encode(envelope.message));
    if (sent == Sent::full) port.drop(envelope.to, "it does not read what it asked for");
  }
}

/// Hands the decoded message to `take`, or drops the peer that sent a malformed one. `decoded` is
/// the Result of a pattern's decode().
template <typename Decoded, typename Take>
void receive(Port& port, PeerId peer, Decoded decoded, Take take) {
  if (decoded) {
    take(std::move(*decoded));
  } else {
    port.drop(peer, "it sent a malformed message: " + decoded.reason());
  }
}

}  // namespace shoal::net
