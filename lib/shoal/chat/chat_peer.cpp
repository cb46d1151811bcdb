#include <shoal/base/error.hpp>
#include <shoal/chat/chat_peer.hpp>
#include <shoal/net/advertise.hpp>

namespace shoal::chat {
namespace {

constexpr const char* role = "chat-peer";

net::PortOptions port_options(const ChatPeerOptions& options, const Id& node) {
  net::PortOptions port{.binds = options.binds,
                        .connects = options.connects,
                        .role = role,
                        .accepts = {role},
                        .node = node};
  if (port.binds.empty() && port.connects.empty()) port.binds = {chat_endpoint};
  return port;
}

std::filesystem::path posts_in(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) throw system_error("cannot make the folder " + folder.string(), error.value());
  return folder / "posts";
}

}  // namespace

ChatPeer::ChatPeer(net::Context& context, runtime::Reactor& reactor, ChatPeerOptions options,
                   std::function<void(const Event&)> tell)
    : reactor_(reactor), tell_(std::move(tell)), alarm_(reactor, [this] {
        core_->tick(moment());
        changed();
      }) {
  if (options.data) store_.emplace(posts_in(*options.data), options.limits.posts);
  port_ = std::make_unique<net::Port>(context, reactor, port_options(options, node_),
                                      static_cast<net::PortEvents&>(*this));
  core_ = std::make_unique<ChatCore>(ChatCoreOptions{
      .node = node_, .endpoints = net::advertised(port_->bound()), .limits = options.limits});
  restore();
  if (!options.nick.empty()) core_->set_nick(options.nick, moment());
  settling_ = reactor.before_wait([this] { return settle(); });
}

void ChatPeer::restore() {
  if (!store_) return;
  store_->load([this](store::PostRow row) {
    auto any =
        wire::chat::decode({Bytes::take(std::move(row.head)), Bytes::take(std::move(row.body))});
    auto* post = any ? std::get_if<wire::chat::Post>(&*any) : nullptr;
    if (post == nullptr) {
      throw Error(
          "the kept posts are damaged; move the folder of --data away, and the other peers "
          "will send what they hold",
          ExitCode::bad_data);
    }
    core_->restore(std::move(*post));
  });
}

Moment ChatPeer::moment() const {
  auto wall = std::chrono::system_clock::now().time_since_epoch();
  auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(wall).count();
  return {reactor_.now(), static_cast<std::uint64_t>(ms)};
}

bool ChatPeer::join(const std::string& nick, std::vector<std::string> rooms) {
  changed();
  return core_->join(nick, std::move(rooms), moment());
}

void ChatPeer::leave(const std::string& nick) {
  core_->leave(nick, moment());
  changed();
}

Place ChatPeer::post(std::string nick, std::string room, wire::chat::Kind kind, std::string text,
                     std::uint64_t tag) {
  changed();
  return core_->post(std::move(nick), std::move(room), kind, std::move(text), moment(), tag);
}

Id ChatPeer::direct(std::string nick, std::string to, std::string text) {
  changed();
  return core_->direct(std::move(nick), std::move(to), std::move(text), moment());
}

void ChatPeer::close() {
  if (std::exchange(closing_, true)) return;
  core_->close(moment());
  changed_ = true;
  settle();
  port_->close(net::goodbye_limit);
}

void ChatPeer::on_up(net::PeerId peer, const wire::Hello& hello) {
  core_->on_up(peer, hello.node, moment());
  changed();
}

void ChatPeer::on_message(net::PeerId peer, wire::Message message) {
  net::receive(*port_, peer, wire::chat::decode(message),
               [&](wire::chat::Any any) { core_->on_message(peer, std::move(any), moment()); });
  changed();
}

void ChatPeer::on_down(net::PeerId peer, const net::Down& why) {
  core_->on_down(peer, why.left, moment());
  changed();
}

void ChatPeer::changed() {
  changed_ = true;
  alarm_.set(core_->next_tick());
}

/// Once a round: one commit for all that came in it (CHAT-6).
bool ChatPeer::settle() {
  if (!std::exchange(changed_, false)) return false;
  store_posts();
  net::post(core_->take_outbox(), *port_);
  dial();
  for (const Event& event : core_->take_events()) tell_(event);
  alarm_.set(core_->next_tick());
  return true;
}

void ChatPeer::store_posts() {
  std::vector<Post> posts = core_->take_posts_to_store();
  if (!store_) return;
  for (const Post& post : posts) {
    wire::Message message = wire::chat::encode(post);
    store_->add({.author = post.author,
                 .seq = post.seq,
                 .clock = post.clock,
                 .head = std::string(message.head.view()),
                 .body = std::string(message.body.view())});
  }
  store_->commit();
}

void ChatPeer::dial() {
  std::vector<Dial> dials = core_->take_dials();
  if (dials.empty()) return;
  for (const Dial& dial : dials) {
    if (dial.begin) {
      dialling_.insert(dial.endpoint);
    } else {
      dialling_.erase(dial.endpoint);
    }
  }
  port_->dial_also({dialling_.begin(), dialling_.end()});
}

}  // namespace shoal::chat
