#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <map>

#include <shoal/net/frames.hpp>
#include <shoal/net/live_socket.hpp>
#include <shoal/net/plain_links.hpp>

namespace shoal::net {
namespace {

// A subscriber at its mark makes libzmq refuse every message and gives no reliable sign when that
// is over (XPUB_NODROP).
constexpr std::chrono::milliseconds try_again(1);

constexpr int most_idle_ms = 10'000;

using Count = std::shared_ptr<std::atomic<std::size_t>>;

/// A payload as libzmq takes it; beyond a small size its storage is shared and counted for as long
/// as libzmq holds it.
zmq::message_t counted_message(const Bytes& payload, const Count& held) {
  struct Share {
    Bytes bytes;
    Count held;
  };
  if (payload.size() <= copied_up_to) return to_message(payload);
  auto share = std::make_unique<Share>(payload, held);
  zmq::message_t message(
      const_cast<char*>(payload.data()), payload.size(),
      [](void*, void* mine) {
        std::unique_ptr<Share> last(static_cast<Share*>(mine));
        last->held->fetch_sub(last->bytes.size(), std::memory_order_relaxed);
      },
      share.get());
  held->fetch_add(payload.size(), std::memory_order_relaxed);
  static_cast<void>(share.release());
  return message;
}

zmq::message_t copied(std::string_view text) {
  return zmq::message_t(text.data(), text.size());
}

}  // namespace

class PublishSocket::Impl {
 public:
  Impl(Context::Impl& context, runtime::Reactor& reactor, PublishOptions options,
       std::function<bool()> ready)
      : options_(std::move(options)),
        ready_(std::move(ready)),
        links_({.context = context,
                .reactor = reactor,
                .type = zmq::socket_type::xpub,
                .options = options_.plain,
                .prepare = [this](zmq::socket_t& socket) { prepare(socket); },
                .wake = {},
                .peers_changed = {},
                .peer_came = [this](int fd) { peers_[fd] = {}; },
                .peer_left = [this](int fd) { peers_.erase(fd); },
                .notices = Notices(reactor)},
               [this] { return run(); }) {}

  bool is_full(const Bytes& payload) {
    if (closing_ || !waiting_.empty()) return true;
    if (!options_.block || has_room(payload)) return false;
    try_later();  // libzmq gives no sign when it lets go of something
    return true;
  }

  Sent send(std::string_view topic, const Bytes& payload, std::string_view header) {
    if (is_full(payload)) return Sent::full;
    if (!has_room(payload)) {
      links_.shared().notices.warn("held", "subscribers hold " + std::to_string(*held_ >> 20) +
                                               " MiB of messages; dropping for all of them until "
                                               "they take some");
      return Sent::dropped;
    }
    std::array<zmq::message_t, 3> frames{copied(topic), counted_message(payload, held_),
                                         copied(header)};
    hand_out(frames, header.empty() ? 2 : 3);
    return Sent::done;
  }

  void close() {
    closing_ = true;
    if (waiting_.empty()) return links_.close();
    // What was taken goes out first, as far as that takes no longer than the rest may.
    if (options_.plain.linger == Duration::max()) return;
    give_up_ = links_.shared().reactor.at(std::chrono::steady_clock::now() + options_.plain.linger,
                                          [this] { give_up(); });
  }

  PlainLinks& links() noexcept { return links_; }

  std::size_t subscribers() const {
    return count([](const Peer& peer) { return peer.topics > 0; });
  }

  bool is_wanted() const {
    return std::ranges::any_of(
        peers_, [](auto& peer) { return peer.second.topics > 0 || peer.second.side; });
  }

  std::size_t side_subscribers() const {
    return count([](const Peer& peer) { return peer.side; });
  }

  void await_answers() {
    for (auto& [fd, peer] : peers_) peer.answered = false;
  }

  bool all_answered() const {
    return std::ranges::all_of(
        peers_, [](auto& peer) { return !peer.second.side || peer.second.answered; });
  }

 private:
  struct Peer {
    int topics = 0;  // without the side topic
    bool side = false;
    bool answered = false;
  };

  template <typename Is>
  std::size_t count(Is is) const {
    return static_cast<std::size_t>(
        std::ranges::count_if(peers_, [&](auto& peer) { return is(peer.second); }));
  }

  /// What one link had no room for.
  struct Waiting {
    PlainLink* link;
    std::array<zmq::message_t, 3> frames;
    std::size_t count;
  };

  void prepare(zmq::socket_t& socket) const {
    socket.set(zmq::sockopt::xpub_verboser, 1);  // who subscribes is told apart by connection
    if (options_.block) {
      socket.set(zmq::sockopt::xpub_nodrop, true);
    } else {
      socket.set(zmq::sockopt::tcp_maxrt, most_idle_ms);
    }
  }

  bool has_room(const Bytes& payload) const {
    std::size_t held = held_->load(std::memory_order_relaxed);
    return payload.size() <= copied_up_to || held == 0 ||
           held + payload.size() <= options_.held_bytes;
  }

  void hand_out(std::array<zmq::message_t, 3>& frames, std::size_t count) {
    // To send takes the sign of a subscription that came meanwhile off the descriptor.
    sent_ = true;
    links_.touch();
    for (auto& link : links_.all()) {
      std::array<zmq::message_t, 3> mine;
      bool last = link == links_.all().back();
      for (std::size_t i = 0; i < count; ++i) {
        if (last) {
          mine[i] = std::move(frames[i]);
        } else {
          mine[i].copy(frames[i]);
        }
      }
      if (!link->send({mine.data(), count})) {
        waiting_.push_back({.link = link.get(), .frames = std::move(mine), .count = count});
        try_later();
      }
    }
  }

  /// The links have no socket any more once they are closed: nothing is tried again.
  void give_up() {
    retry_.reset();
    waiting_.clear();
    links_.close();
  }

  void try_later() {
    if (retry_) return;
    retry_ = links_.shared().reactor.at(std::chrono::steady_clock::now() + try_again, [this] {
      retry_.reset();
      retry();
    });
  }

  void retry() {
    std::erase_if(waiting_, [](Waiting& message) {
      return message.link->send({message.frames.data(), message.count});
    });
    if (!waiting_.empty()) return try_later();
    if (closing_) return links_.close();
    links_.touch();
  }

  bool run() {
    sent_ = false;
    bool heard = take_subscriptions();
    bool did = !closing_ && ready_();
    return did || heard || sent_;
  }

  bool take_subscriptions() {
    bool heard = false;
    for (auto& link : links_.all()) {
      Socket* socket = link->socket();
      if (socket == nullptr) continue;
      zmq::message_t event;
      while (socket->receive(event)) {
        // The connection may be new, or already gone.
        link->catch_up();
        if (!event.more()) note(event);
        Frames rest;
        rest.first = std::move(event);
        socket->receive_rest(rest);
        heard = true;
      }
    }
    return heard;
  }

  /// One end of a subscription or its beginning. That of a connection which ended comes without
  /// its descriptor; peer_left tells about these.
  void note(zmq::message_t& event) {
    const char* fd = zmq_msg_gets(event.handle(), "__fd");
    if (fd == nullptr || event.size() == 0) return;
    std::string_view topic = event.to_string_view().substr(1);
    bool begins = event.to_string_view()[0] == 1;
    auto found = peers_.find(std::atoi(fd));
    if (found == peers_.end()) return;  // it left before this was read
    Peer& peer = found->second;
    if (topic == options_.side_topic && !topic.empty()) {
      peer.side = begins;
      if (!begins) peer.answered = true;
    } else {
      peer.topics = std::max(peer.topics + (begins ? 1 : -1), 0);
    }
  }

  PublishOptions options_;
  std::function<bool()> ready_;
  Count held_ = std::make_shared<std::atomic<std::size_t>>(0);
  std::map<int, Peer> peers_;  // by their descriptors
  std::vector<Waiting> waiting_;
  bool closing_ = false;
  bool sent_ = false;  // since subscriptions were last looked for
  runtime::Registration retry_;
  runtime::Registration give_up_;
  PlainLinks links_;
};

PublishSocket::PublishSocket(Context& context, runtime::Reactor& reactor, PublishOptions options,
                             std::function<bool()> ready)
    : impl_(std::make_unique<Impl>(context.impl(), reactor, std::move(options), std::move(ready))) {
}

PublishSocket::~PublishSocket() = default;

bool PublishSocket::is_full(const Bytes& payload) const {
  return impl_->is_full(payload);
}

PublishSocket::Sent PublishSocket::send(std::string_view topic, const Bytes& payload,
                                        std::string_view header) {
  return impl_->send(topic, payload, header);
}

bool PublishSocket::is_wanted() const {
  return impl_->is_wanted();
}

void PublishSocket::touch() {
  impl_->links().touch();
}

void PublishSocket::close() {
  impl_->close();
}

bool PublishSocket::closed() const {
  return impl_->links().closed();
}

std::size_t PublishSocket::subscribers() const {
  return impl_->subscribers();
}

std::size_t PublishSocket::side_subscribers() const {
  return impl_->side_subscribers();
}

void PublishSocket::await_answers() {
  impl_->await_answers();
}

bool PublishSocket::all_answered() const {
  return impl_->all_answered();
}

std::vector<std::string> PublishSocket::bound() const {
  return impl_->links().bound();
}

bool PublishSocket::had_peer() const {
  return impl_->links().had_peer();
}

}  // namespace shoal::net
