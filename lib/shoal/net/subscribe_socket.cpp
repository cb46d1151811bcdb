#include <shoal/net/frames.hpp>
#include <shoal/net/live_socket.hpp>
#include <shoal/net/plain_links.hpp>

namespace shoal::net {

class SubscribeSocket::Impl {
 public:
  Impl(Context::Impl& context, runtime::Reactor& reactor, PlainOptions options,
       std::function<bool()> ready)
      : links_({.context = context,
                .reactor = reactor,
                .type = zmq::socket_type::sub,
                .options = std::move(options),
                .prepare = {},
                .wake = {},
                .peers_changed = {},
                .peer_came = {},
                .peer_left = {},
                .notices = Notices(reactor)},
               std::move(ready)) {}

  void subscribe(const std::string& prefix) {
    for (auto& link : links_.all()) {
      if (link->socket() != nullptr) {
        link->socket()->raw().set(zmq::sockopt::subscribe, prefix);
      }
    }
  }

  bool receive(LiveMessage& into) {
    for (std::size_t tried = 0; tried < links_.all().size() && !links_.closing(); ++tried) {
      PlainLink& link = links_.next();
      if (!receive_from(link, into)) continue;
      last_ = &link;
      return true;
    }
    return false;
  }

  void answer(const std::string& prefix) {
    if (last_ == nullptr || last_->socket() == nullptr) return;
    last_->socket()->raw().set(zmq::sockopt::unsubscribe, prefix);
    last_->socket()->raw().set(zmq::sockopt::subscribe, prefix);
  }

  PlainLinks& links() noexcept { return links_; }

 private:
  bool receive_from(PlainLink& link, LiveMessage& into) {
    Socket* socket = link.socket();
    while (socket != nullptr && socket->receive(frames_.first)) {
      into.topic.assign(frames_.first.to_string_view());
      into.payload = {};
      into.header.clear();
      if (!frames_.first.more()) return true;
      zmq::message_t payload;
      socket->receive(payload);
      bool more = payload.more();
      into.payload = to_bytes(std::move(payload));
      if (!more) return true;
      socket->receive(frames_.first);
      into.header.assign(frames_.first.to_string_view());
      if (!frames_.first.more()) return true;
      socket->receive_rest(frames_);
      links_.shared().notices.warn(
          "frames", "dropped a message of more than three frames; the live lane has at most three");
    }
    return false;
  }

  Frames frames_;
  PlainLink* last_ = nullptr;  // from which the last message came
  PlainLinks links_;
};

SubscribeSocket::SubscribeSocket(Context& context, runtime::Reactor& reactor, PlainOptions options,
                                 std::function<bool()> ready)
    : impl_(std::make_unique<Impl>(context.impl(), reactor, std::move(options), std::move(ready))) {
}

SubscribeSocket::~SubscribeSocket() = default;

void SubscribeSocket::subscribe(const std::string& prefix) {
  impl_->subscribe(prefix);
}

bool SubscribeSocket::receive(LiveMessage& into) {
  return impl_->receive(into);
}

void SubscribeSocket::answer(const std::string& prefix) {
  impl_->answer(prefix);
}

void SubscribeSocket::touch() {
  impl_->links().touch();
}

void SubscribeSocket::close() {
  impl_->links().close();
}

bool SubscribeSocket::closed() const {
  return impl_->links().closed();
}

std::vector<std::string> SubscribeSocket::bound() const {
  return impl_->links().bound();
}

bool SubscribeSocket::had_peer() const {
  return impl_->links().had_peer();
}

}  // namespace shoal::net
