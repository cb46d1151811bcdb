#include <algorithm>
#include <utility>

#include <shoal/net/port_impl.hpp>

namespace shoal::net {

PortLimits limits_for(std::size_t record_bytes) {
  // Batches of small records are far smaller; room for the head and the frames around it.
  constexpr std::size_t slack = 16UL << 20;
  PortLimits limits;
  limits.message_bytes = std::max(limits.message_bytes, record_bytes + slack);
  limits.queue_bytes = std::max(limits.queue_bytes, limits.message_bytes);
  return limits;
}

Port::Port(Context& context, runtime::Reactor& reactor, PortOptions options, PortEvents& events)
    : impl_(std::make_unique<Impl>(context.impl(), reactor, std::move(options), events)) {}

Port::~Port() = default;

Sent Port::send(PeerId peer, wire::Message message) {
  return impl_->send(peer, std::move(message));
}

bool Port::answer_plain(const PlainPeer& peer, const Bytes& body) {
  return impl_->answer_plain(peer, body);
}

void Port::drop(PeerId peer, std::string_view reason) {
  impl_->drop(peer, std::string(reason));
}

void Port::dial_also(const std::vector<std::string>& endpoints) {
  impl_->dial_also(endpoints);
}

void Port::close(Duration limit) {
  impl_->close(limit);
}

bool Port::closed() const {
  return impl_->closed();
}

std::vector<std::string> Port::bound() const {
  return impl_->bound();
}

bool Port::all_dialled() const {
  return impl_->all_dialled();
}

std::size_t Port::peer_count() const {
  return impl_->peer_count();
}

bool Port::had_peer() const {
  return impl_->had_peer();
}

std::string Port::key_name(PeerId peer) const {
  return impl_->key_name(peer);
}

}  // namespace shoal::net
