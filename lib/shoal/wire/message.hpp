#pragma once

#include <cstddef>

#include <shoal/base/bytes.hpp>

namespace shoal::wire {

/// What a Port carries: a small head (msgpack, written by the codec of a pattern) and a body of
/// bulk bytes, which is never copied on its way: it may share storage with a block read from stdin
/// or with a message that came in from another peer.
struct Message {
  Bytes head;
  Bytes body;

  std::size_t size() const noexcept { return head.size() + body.size(); }
};

}  // namespace shoal::wire
