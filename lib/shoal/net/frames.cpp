#include <memory>
#include <utility>

#include <shoal/net/frames.hpp>

namespace shoal::net {

zmq::message_t to_message(const Bytes& bytes) {
  if (bytes.size() <= copied_up_to) return zmq::message_t(bytes.data(), bytes.size());
  auto owner = std::make_unique<Bytes>(bytes);
  // libzmq never writes to content that it was given; its interface only lacks the const.
  zmq::message_t message(
      const_cast<char*>(bytes.data()), bytes.size(),
      [](void*, void* held) { delete static_cast<Bytes*>(held); }, owner.get());
  static_cast<void>(owner.release());
  return message;
}

Bytes to_bytes(zmq::message_t&& message, std::size_t offset) {
  std::string_view view = message.to_string_view().substr(offset);
  if (view.size() <= copied_up_to) return Bytes::copy(view);
  auto owner = std::make_shared<zmq::message_t>(std::move(message));
  return Bytes(owner, std::as_const(*owner).to_string_view().substr(offset));
}

}  // namespace shoal::net
