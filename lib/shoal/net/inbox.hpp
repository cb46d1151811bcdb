#pragma once

#include <cstdint>
#include <vector>

#include <shoal/base/result.hpp>
#include <shoal/net/frames.hpp>
#include <shoal/net/port.hpp>

namespace shoal::net {

/// Puts one peer's messages together again and holds it to the limits.
class Inbox {
 public:
  explicit Inbox(const PortLimits& limits) : limits_(limits) {}

  /// A MORE; a reason when it breaks the protocol or a limit.
  Result<bool> more(Frames& frames);

  /// A DATA, which completes a message; a reason likewise.
  Result<wire::Message> data(Frames& frames);

  /// The weight of all MORE and DATA so far.
  std::uint64_t received_total() const noexcept { return received_; }

 private:
  Bytes join(zmq::message_t&& last);

  const PortLimits& limits_;
  std::vector<Bytes> pieces_;
  std::size_t bytes_ = 0;
  std::uint64_t received_ = 0;
};

}  // namespace shoal::net
