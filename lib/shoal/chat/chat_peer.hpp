#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <shoal/chat/chat_actions.hpp>
#include <shoal/net/port.hpp>
#include <shoal/runtime/alarm.hpp>
#include <shoal/runtime/reactor.hpp>
#include <shoal/store/post_store.hpp>

namespace shoal::chat {

/// Default endpoint: where chat-peers listen.
inline constexpr const char* chat_endpoint = "tcp://127.0.0.1:5040";

struct ChatPeerOptions {
  std::vector<std::string> binds;     ///< endpoint lists; with no connects either: the default
  std::vector<std::string> connects;  ///< peers known at the start
  std::string nick;                   ///< what the peer is called; a name, or empty
  std::optional<std::filesystem::path> data;  ///< the folder that keeps posts; none: memory only
  PostLimits limits{};
};

/// A chat-peer: the core joined to a Port and a store. What happens in one round of the loop is
/// committed together, then sent, then told. Reactor's thread only.
class ChatPeer final : public ChatActions, net::PortEvents {
 public:
  /// `tell` gets every event of the core, in order, once it is stored and sent; it may call into
  /// this. Throws Error as Port and PostStore do. Context and reactor outlive this.
  ChatPeer(net::Context& context, runtime::Reactor& reactor, ChatPeerOptions options,
           std::function<void(const Event&)> tell);

  const ChatCore& core() const override { return *core_; }
  const Id& node() const override { return node_; }
  std::vector<std::string> bound() const { return port_->bound(); }
  bool had_peer() const { return port_->had_peer(); }

  /// What the clocks say in this round of the loop.
  Moment moment() const;

  bool join(const std::string& nick, std::vector<std::string> rooms) override;
  void leave(const std::string& nick) override;
  Place post(std::string nick, std::string room, wire::chat::Kind kind, std::string text,
             std::uint64_t tag = 0) override;
  Id direct(std::string nick, std::string to, std::string text) override;

  /// Commits, sends and tells what has happened in this round so far (CHAT-6): for who is about to
  /// show what core() holds, so that it shows nothing that could be lost.
  void flush() { settle(); }

  /// Says goodbye to everybody. finished() once they have everything, or ten seconds have passed.
  void close();
  bool finished() const { return closing_ && port_->closed(); }

 private:
  void on_up(net::PeerId peer, const wire::Hello& hello) override;
  void on_message(net::PeerId peer, wire::Message message) override;
  void on_down(net::PeerId peer, const net::Down& why) override;

  void restore();
  void changed();
  bool settle();
  void store_posts();
  void dial();

  runtime::Reactor& reactor_;
  std::function<void(const Event&)> tell_;
  Id node_ = Id::random();
  std::optional<store::PostStore> store_;
  std::unique_ptr<net::Port> port_;
  std::unique_ptr<ChatCore> core_;
  std::set<std::string> dialling_;
  bool changed_ = true;
  bool closing_ = false;
  runtime::Alarm alarm_;
  runtime::Registration settling_;
};

}  // namespace shoal::chat
