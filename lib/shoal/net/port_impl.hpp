#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include <shoal/net/dial_book.hpp>
#include <shoal/net/listener.hpp>
#include <shoal/net/port_shared.hpp>

namespace shoal::net {

/// Decides who may have a session, and joins the sessions to the pattern above.
class Port::Impl final : public SessionHost {
 public:
  Impl(Context::Impl& context, runtime::Reactor& reactor, PortOptions options, PortEvents& events);
  ~Impl() override;

  Sent send(PeerId peer, wire::Message message);
  bool answer_plain(const PlainPeer& peer, const Bytes& body) {
    return listener_->answer_plain(peer, body);
  }
  void drop(PeerId peer, std::string reason);
  void close(Duration limit);
  bool closed() const { return closing_ && up_.empty(); }
  std::vector<std::string> bound() const;
  void dial_also(std::vector<std::string> endpoints);
  bool all_dialled() const { return dial_book_->all_settled(); }
  std::size_t peer_count() const { return up_.size(); }
  bool had_peer() const { return had_peer_; }
  std::string key_name(PeerId peer) const;

 private:
  Verdict judge(Session& session) override;
  void waiting(Session& session) override;
  void up(Session& session) override;
  void message(Session& session, wire::Message message) override;
  void plain(PlainPeer peer, Bytes body) override;
  void writable(Session& session) override;
  void ended(Session& session, const Ending& ending) override;

  std::optional<wire::Refuse> judge_hello(const wire::Hello& hello) const;
  Verdict judge_taken(Session& session, Session& holder);
  bool must_wait(const Session& session);
  Session* session_of(PeerId peer) const;
  void later(PeerId peer, std::function<void(Session&)> act);
  void tick();
  void rejudge_waiting();
  void report(const Session& session, const Ending& ending);
  void watch_for_peers();
  void say_waiting() const;

  PortOptions options_;
  PortEvents& events_;
  PortShared shared_;
  std::unordered_map<PeerId, Session*> up_;
  std::unordered_map<Id, PeerId> nodes_;
  struct Waiting {
    Session* session;
    int ticks_left;
  };
  std::unordered_map<PeerId, Waiting> waiting_;
  bool had_peer_ = false;
  bool closing_ = false;
  bool all_left_ = true;  // since close()
  std::unique_ptr<Listener> listener_;
  std::unique_ptr<DialBook> dial_book_;
  runtime::Registration tick_timer_;
  runtime::Registration waiting_timer_;
  runtime::Registration close_timer_;
};

}  // namespace shoal::net
