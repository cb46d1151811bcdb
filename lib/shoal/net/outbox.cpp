#include <algorithm>
#include <cstring>

#include <shoal/net/outbox.hpp>

namespace shoal::net {
namespace {

zmq::message_t first_frame(wire::FrameKind kind, const Bytes& head) {
  zmq::message_t frame(1 + head.size());
  auto* at = static_cast<char*>(frame.data());
  *at = static_cast<char>(kind);
  if (!head.empty()) std::memcpy(at + 1, head.data(), head.size());
  return frame;
}

}  // namespace

void Outbox::push(wire::Message message) {
  bytes_ += message.size();
  queue_.push_back(std::move(message));
}

Wrote Outbox::pump(Link& link) {
  while (true) {
    // Also before waiting: the window may have shrunk below what no PING has yet asked about.
    Wrote wrote = pace_.wants_ping() ? ping(link) : Wrote::done;
    if (wrote != Wrote::done || queue_.empty()) return wrote;
    if (!pace_.open()) return Wrote::full;
    wrote = write_next(link);
    if (wrote != Wrote::done) return wrote;
  }
}

Wrote Outbox::write_next(Link& link) {
  wire::Message& message = queue_.front();
  std::size_t left = message.body.size() - offset_;
  bool last = left <= pace_.chunk();
  std::size_t piece = last ? left : pace_.chunk();
  zmq::message_t first = last ? first_frame(wire::FrameKind::data, message.head)
                              : first_frame(wire::FrameKind::more, {});
  zmq::message_t second = to_message(message.body.slice(offset_, piece));
  std::size_t first_size = first.size();
  Wrote wrote = link.write(first, piece > 0 ? &second : nullptr);
  if (wrote != Wrote::done) return wrote;
  pace_.sent(weight_of(first_size, piece));
  bytes_ -= piece;
  offset_ += piece;
  if (last) {
    bytes_ -= message.head.size();
    offset_ = 0;
    queue_.pop_front();
  }
  return Wrote::done;
}

Wrote Outbox::ping(Link& link) {
  zmq::message_t frame(wire::encode_ping());
  Wrote wrote = link.write(frame, nullptr);
  if (wrote == Wrote::done) pace_.pinged(std::chrono::steady_clock::now());
  return wrote;
}

}  // namespace shoal::net
