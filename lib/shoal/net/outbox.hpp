#pragma once

#include <deque>

#include <shoal/net/link.hpp>
#include <shoal/net/link_pace.hpp>

namespace shoal::net {

/// What waits for one peer: hands it to the link in order, in pieces that suit the link, and no
/// faster than the peer says it receives.
class Outbox {
 public:
  explicit Outbox(const PortLimits& limits) : limits_(limits), pace_(limits.chunk_bytes) {}

  /// Whether `message` still fits; an empty queue takes any.
  bool has_room(const wire::Message& message) const noexcept {
    return queue_.empty() || bytes_ + message.size() <= limits_.queue_bytes;
  }

  /// Whether so much has gone out that a sender who was turned away should come again.
  bool has_drained() const noexcept { return bytes_ <= limits_.queue_bytes / 2; }

  void push(wire::Message message);

  /// Hands over what the link takes now. full: the rest waits for acked() or for another try.
  Wrote pump(Link& link);

  /// The peer has received that much; false when that cannot be.
  bool acked(std::uint64_t total, Time now) { return pace_.acked(total, now); }

  bool empty() const noexcept { return queue_.empty(); }
  std::uint64_t sent_total() const noexcept { return pace_.sent_total(); }

 private:
  Wrote write_next(Link& link);
  Wrote ping(Link& link);

  const PortLimits& limits_;
  LinkPace pace_;
  std::deque<wire::Message> queue_;
  std::size_t bytes_ = 0;   // in queue_, not yet handed over
  std::size_t offset_ = 0;  // how much of the first body was
};

/// What a DATA or MORE of these frames counts in ALIVE and BYE (PROTOCOL.md, PORT-24).
inline std::uint64_t weight_of(std::size_t first, std::size_t second) {
  return first + second + 64;
}

}  // namespace shoal::net
