#include <shoal/base/units.hpp>
#include <shoal/net/inbox.hpp>
#include <shoal/net/outbox.hpp>

namespace shoal::net {
namespace {

Failure over_limit(const char* what, std::size_t limit) {
  return Failure{std::string(what) + " over the limit of " + format_size(limit)};
}

}  // namespace

Result<bool> Inbox::more(Frames& frames) {
  if (!frames.second || frames.first.size() != 1) return Failure{"a malformed MORE"};
  std::size_t size = frames.second->size();
  if (size < LinkPace::least_chunk) return Failure{"a piece that is too small"};
  if (size > LinkPace::largest_chunk) return over_limit("a frame", LinkPace::largest_chunk);
  if (size > limits_.message_bytes - bytes_) {
    return over_limit("a message", limits_.message_bytes);
  }
  received_ += weight_of(frames.first.size(), size);
  bytes_ += size;
  pieces_.push_back(to_bytes(std::move(*frames.second)));
  return true;
}

Result<wire::Message> Inbox::data(Frames& frames) {
  std::size_t head = frames.first.size() - 1;
  std::size_t body = frames.second ? frames.second->size() : 0;
  // Pieces without a last one would be taken for the beginning of the next message.
  if (!frames.second && !pieces_.empty()) return Failure{"a DATA without its last piece"};
  if (head > limits_.head_bytes) return over_limit("a head", limits_.head_bytes);
  if (body > LinkPace::largest_chunk) return over_limit("a frame", LinkPace::largest_chunk);
  if (head > limits_.message_bytes - bytes_ || body > limits_.message_bytes - bytes_ - head) {
    return over_limit("a message", limits_.message_bytes);
  }
  received_ += weight_of(frames.first.size(), body);
  wire::Message message;
  message.head = to_bytes(std::move(frames.first), 1);
  message.body = join(frames.second ? std::move(*frames.second) : zmq::message_t());
  return message;
}

Bytes Inbox::join(zmq::message_t&& last) {
  if (pieces_.empty()) return to_bytes(std::move(last));
  std::string whole;
  whole.reserve(bytes_ + last.size());
  for (Bytes& piece : pieces_) {
    whole.append(piece.view());
    piece = Bytes();  // at once, or a large message would be held twice
  }
  whole.append(last.to_string_view());
  pieces_.clear();
  bytes_ = 0;
  return Bytes::take(std::move(whole));
}

}  // namespace shoal::net
