#pragma once

#include <cstddef>
#include <optional>

#include <zmq.hpp>

#include <shoal/base/bytes.hpp>

namespace shoal::net {

/// Content up to this size is copied between Bytes and libzmq; beyond it the storage is shared.
inline constexpr std::size_t copied_up_to = 1024;

/// `bytes` as a libzmq message; libzmq's own thread lets go of shared storage.
zmq::message_t to_message(const Bytes& bytes);

/// What stands in `message` from `offset` on.
Bytes to_bytes(zmq::message_t&& message, std::size_t offset = 0);

/// One ZeroMQ message of the Port as it came in, without a ROUTER's routing id.
struct Frames {
  zmq::message_t first;
  std::optional<zmq::message_t> second;
  bool surplus = false;  ///< there were more than two; what followed has been thrown away

  std::size_t size() const noexcept { return first.size() + (second ? second->size() : 0); }
};

}  // namespace shoal::net
