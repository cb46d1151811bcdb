#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <shoal/chat/chat_peer.hpp>
#include <shoal/runtime/reactor.hpp>
#include <shoal/web/web_server.hpp>
#include <shoal/wire/page_messages.hpp>

namespace shoal::chat {

struct PagesOptions {
  web::WebServerOptions server{};
  std::string token;                           ///< every page has to say it; empty: none is needed
  std::size_t history = 50;                    ///< posts of a room that a new page is shown
  Duration hello = std::chrono::seconds(5);    ///< a connection has so long to say it
  Duration memory = std::chrono::minutes(10);  ///< how long a session without a page is remembered
};

/// The browsers of a chat-peer: what they say goes to the peer, what happens there goes to them
/// (PROTOCOL.md, "Chat in the browser"). Reactor's thread only.
class Pages final : public web::WebEvents {
 public:
  /// Throws Error as WebServer does. `peer` and `reactor` outlive this.
  Pages(runtime::Reactor& reactor, ChatPeer& peer, PagesOptions options);

  std::string url() const { return server_.url(); }
  std::size_t count() const { return by_nick_.size(); }

  /// Tells the pages what has happened at the peer.
  void on_event(const Event& event);

 private:
  using SessionId = std::string;
  struct Asked {                       // a direct message of a page
    Id id;                             // the page's
    std::optional<std::string> why{};  // how it ended
  };
  struct Session {
    SessionId id;
    web::ClientId client = 0;  // 0: its page is away
    std::string nick;
    std::set<std::string> rooms;
    std::deque<Asked> asked{};
    Time away_since{};
  };
  struct Waiting {  // an open connection that has not said hello
    runtime::Registration timer;
  };

  void on_open(web::ClientId client) override;
  void on_text(web::ClientId client, std::string text) override;
  void on_closed(web::ClientId client) override;

  void receive(web::ClientId client, wire::page::Hello& hello);
  void receive(Session& session, wire::page::Post& post);
  void receive(Session& session, wire::page::Direct& direct);
  void receive(Session& session, wire::page::Join& join);
  void receive(Session& session, wire::page::Part& part);
  void receive(Session& session, wire::page::Nick& nick);
  void receive(Session& session, wire::page::History& history);
  void receive(Session& session, wire::page::Hello& again);

  std::string fault_in(const wire::page::Hello& hello) const;
  bool is_taken(const std::string& nick, const SessionId& by) const;
  void let_in(web::ClientId client, wire::page::Hello& hello);
  void send_posts(const Session& session, const std::optional<wire::chat::Vector>& seen);
  std::optional<std::vector<std::string>> missing_of(const Session& session,
                                                     const wire::chat::Vector& seen) const;
  void send_history(const Session& session, const std::string& room,
                    const std::optional<Place>& before, std::size_t bytes);
  void send_ready(web::ClientId client, const Session& session);
  void be_present(Session& session);
  void detach(Session& session);
  void forget_sessions();
  void make_room();
  void refuse(web::ClientId client, std::string_view why, bool token = false);
  void send(web::ClientId client, std::string text);

  wire::page::User describe(const User& user) const;

  void tell(const Arrived& arrived);
  void tell(const PresenceChange& change);
  void tell(const DirectArrived& arrived);
  void tell(const DirectEnded& ended);

  runtime::Reactor& reactor_;
  ChatPeer& peer_;
  PagesOptions options_;
  std::map<web::ClientId, Waiting> waiting_;
  std::map<SessionId, Session> sessions_;
  std::map<web::ClientId, SessionId> by_client_;
  std::map<std::string, SessionId> by_nick_;  // of those whose page is there
  std::map<std::string, std::set<web::ClientId>> by_room_;
  std::map<Id, std::pair<SessionId, Id>> directs_;  // the core's id: whose, and the page's id
  runtime::Registration forgetting_;
  web::WebServer server_;
};

}  // namespace shoal::chat
