#include <shoal/net/frames.hpp>
#include <shoal/net/plain_links.hpp>
#include <shoal/net/plain_socket.hpp>

namespace shoal::net {

/// The links, used in turn.
class PlainSocket::Impl {
 public:
  Impl(Context::Impl& context, runtime::Reactor& reactor, Kind kind, PlainOptions options,
       std::function<bool()> ready)
      : links({.context = context,
               .reactor = reactor,
               .type = kind == Kind::push ? zmq::socket_type::push : zmq::socket_type::pull,
               .options = std::move(options),
               .prepare = {},
               .wake = {},
               .peers_changed = {},
               .peer_came = {},
               .peer_left = {},
               .notices = Notices(reactor)},
              std::move(ready)) {}

  bool send(const Bytes& message) {
    for (std::size_t tried = 0; tried < links.all().size() && !links.closing(); ++tried) {
      zmq::message_t frame = to_message(message);
      if (links.next().send({&frame, 1})) return true;
    }
    return false;
  }

  std::optional<Bytes> receive() {
    for (std::size_t tried = 0; tried < links.all().size() && !links.closing(); ++tried) {
      if (auto message = receive_from(links.next())) return message;
    }
    return std::nullopt;
  }

  PlainLinks links;

 private:
  std::optional<Bytes> receive_from(PlainLink& link) {
    Frames frames;
    while (link.socket() != nullptr && link.socket()->receive(frames.first)) {
      link.socket()->receive_rest(frames);
      if (!frames.second) return to_bytes(std::move(frames.first));
      links.shared().notices.warn(
          "frames", "dropped a message of several frames; the plain lane has one a message");
    }
    return std::nullopt;
  }
};

PlainSocket::PlainSocket(Context& context, runtime::Reactor& reactor, Kind kind,
                         PlainOptions options, std::function<bool()> ready)
    : impl_(std::make_unique<Impl>(context.impl(), reactor, kind, std::move(options),
                                   std::move(ready))) {}

PlainSocket::~PlainSocket() = default;

bool PlainSocket::send(const Bytes& message) {
  return impl_->send(message);
}

std::optional<Bytes> PlainSocket::receive() {
  return impl_->receive();
}

void PlainSocket::touch() {
  impl_->links.touch();
}

void PlainSocket::close() {
  impl_->links.close();
}

bool PlainSocket::closed() const {
  return impl_->links.closed();
}

std::vector<std::string> PlainSocket::bound() const {
  return impl_->links.bound();
}

bool PlainSocket::had_peer() const {
  return impl_->links.had_peer();
}

}  // namespace shoal::net
