#include <algorithm>

#include <shoal/chat/pages.hpp>

namespace shoal::chat {

namespace page = wire::page;

namespace {

// A page that lacks more begins anew.
constexpr std::size_t most_resumed = 1000;

// Octets of JSON that answer one hello or history: so that several fit into what may wait for a
// page (WebServerOptions::queue_bytes).
constexpr std::size_t most_answer = 4UL << 20;

constexpr std::size_t sessions_per_client = 4;  // remembered, for each page that there may be

constexpr std::size_t most_asked = 256;  // direct messages whose outcome a session remembers

/// Whether two texts are the same, in a time that does not tell where they differ.
bool same_secret(std::string_view a, std::string_view b) {
  unsigned differ = a.size() == b.size() ? 0 : 1;
  for (std::size_t at = 0; at < a.size() && !b.empty(); ++at) {
    differ |= static_cast<unsigned char>(a[at]) ^ static_cast<unsigned char>(b[at % b.size()]);
  }
  return differ == 0;
}

std::uint64_t wall_ms(Duration ago) {
  auto then = std::chrono::system_clock::now().time_since_epoch() - ago;
  auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(then).count();
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, ms));
}

}  // namespace

Pages::Pages(runtime::Reactor& reactor, ChatPeer& peer, PagesOptions options)
    : reactor_(reactor),
      peer_(peer),
      options_(std::move(options)),
      forgetting_(reactor.every(std::chrono::minutes(1), [this] { forget_sessions(); })),
      server_(reactor, options_.server, *this) {}

void Pages::on_open(web::ClientId client) {
  auto expire = [this, client] { refuse(client, "no hello came in time"); };
  waiting_[client].timer = reactor_.at(reactor_.now() + options_.hello, expire);
}

void Pages::on_closed(web::ClientId client) {
  waiting_.erase(client);
  auto found = by_client_.find(client);
  if (found == by_client_.end()) return;
  detach(sessions_.at(found->second));
}

void Pages::on_text(web::ClientId client, std::string text) {
  Result<page::FromPage> message = page::decode(text);
  auto known = by_client_.find(client);
  if (known == by_client_.end()) {
    if (!waiting_.contains(client)) return;  // refused, and about to be closed
    if (!message) return refuse(client, message.reason());
    auto* hello = std::get_if<page::Hello>(&*message);
    if (hello == nullptr) return refuse(client, "the first message has to be hello");
    return receive(client, *hello);
  }
  Session& session = sessions_.at(known->second);
  if (!message) return send(client, page::say_trouble(message.reason(), page::subject_of(text)));
  std::visit([&](auto& content) { receive(session, content); }, *message);
}

void Pages::receive(web::ClientId client, page::Hello& hello) {
  if (!options_.token.empty() && !same_secret(hello.token, options_.token)) {
    return refuse(
        client,
        hello.token.empty() ? "this server asks for a token" : "that is not this server's token",
        true);
  }
  std::string fault = fault_in(hello);
  if (!fault.empty()) return refuse(client, fault);
  waiting_.erase(client);
  let_in(client, hello);
}

std::string Pages::fault_in(const page::Hello& hello) const {
  if (hello.session.empty()) return "session is missing";
  if (is_taken(hello.nick, hello.session)) return hello.nick + " is taken; choose another nick";
  return {};
}

/// Somebody else has the nick: another page, the peer's own user, or anybody at another peer.
bool Pages::is_taken(const std::string& nick, const SessionId& by) const {
  auto here = by_nick_.find(nick);
  if (here != by_nick_.end()) return here->second != by;
  return peer_.core().is_taken(nick);
}

void Pages::let_in(web::ClientId client, page::Hello& hello) {
  if (!sessions_.contains(hello.session)) make_room();
  Session& session = sessions_[hello.session];
  if (session.client != 0) {
    server_.close(session.client);
    detach(session);
  }
  session.id = hello.session;
  session.client = client;
  session.nick = hello.nick;
  session.rooms = {hello.rooms.begin(), hello.rooms.end()};
  by_nick_[session.nick] = session.id;
  be_present(session);
  peer_.flush();
  by_client_[client] = session.id;
  for (const std::string& room : session.rooms) by_room_[room].insert(client);
  send_posts(session, hello.seen);
  send_ready(client, session);
}

/// All posts of the session's rooms that `seen` lacks; without it, or where they are too many, the
/// newest of each room.
void Pages::send_posts(const Session& session, const std::optional<wire::chat::Vector>& seen) {
  if (seen) {
    if (std::optional<std::vector<std::string>> missing = missing_of(session, *seen)) {
      for (std::string& post : *missing) send(session.client, std::move(post));
      return;
    }
    send(session.client, page::say_restart());
  }
  for (const std::string& room : session.rooms) {
    send_history(session, room, {}, most_answer / session.rooms.size());
  }
}

/// Nothing where they are too many, or too long.
std::optional<std::vector<std::string>> Pages::missing_of(const Session& session,
                                                          const wire::chat::Vector& seen) const {
  std::vector<Post> missing = peer_.core().lacking(seen, "", most_resumed);
  if (missing.size() == most_resumed) return std::nullopt;
  std::vector<std::string> said;
  std::size_t bytes = 0;
  for (const Post& post : missing) {
    if (!session.rooms.contains(post.room)) continue;
    said.push_back(page::say_post(post));
    bytes += said.back().size();
    if (bytes > most_answer) return std::nullopt;
  }
  return said;
}

/// The newest posts of a room, or those before one, as many as --history and `bytes` of JSON allow.
void Pages::send_history(const Session& session, const std::string& room,
                         const std::optional<Place>& before, std::size_t bytes) {
  std::vector<Post> posts = peer_.core().log().newest(room, options_.history + 1, before);
  const bool more = posts.size() > options_.history;
  if (more) posts.erase(posts.begin());
  send(session.client, page::say_history(room, posts, more, bytes));
}

void Pages::send_ready(web::ClientId client, const Session& session) {
  const PostLog& log = peer_.core().log();
  wire::chat::Vector kept = log.vector();
  std::erase_if(kept, [&](const auto& entry) { return log.first(entry.first) == entry.second; });
  std::vector<page::User> users;
  for (const User& user : peer_.core().users()) users.push_back(describe(user));
  std::string server = peer_.core().nick();
  send(client, page::say_ready(session.nick, server, kept, users));
}

page::User Pages::describe(const User& user) const {
  return {.nick = user.nick,
          .state = text_of(user.state),
          .rooms = user.rooms,
          .since_ms = wall_ms(reactor_.now() - user.since)};
}

void Pages::be_present(Session& session) {
  bool room = peer_.join(session.nick, {session.rooms.begin(), session.rooms.end()});
  if (!room) send(session.client, page::say_trouble("so many are here that others do not see you"));
}

void Pages::detach(Session& session) {
  peer_.leave(session.nick);
  for (const std::string& room : session.rooms) {
    auto found = by_room_.find(room);
    if (found == by_room_.end()) continue;
    found->second.erase(session.client);
    if (found->second.empty()) by_room_.erase(found);
  }
  by_nick_.erase(session.nick);
  by_client_.erase(session.client);
  session.client = 0;
  session.away_since = reactor_.now();
}

void Pages::forget_sessions() {
  Time before = reactor_.now() - options_.memory;
  std::erase_if(sessions_, [&](const auto& entry) {
    return entry.second.client == 0 && entry.second.away_since < before;
  });
}

/// Forgets the session that is away for the longest where there are too many: whoever is let in can
/// begin one with each hello.
void Pages::make_room() {
  if (sessions_.size() < sessions_per_client * options_.server.clients) return;
  auto away_longer = [](const auto& one, const auto& other) {
    auto key = [](const Session& session) {
      return std::pair(session.client != 0, session.away_since);
    };
    return key(one.second) < key(other.second);
  };
  auto oldest = std::ranges::min_element(sessions_, away_longer);
  if (oldest != sessions_.end() && oldest->second.client == 0) sessions_.erase(oldest);
}

void Pages::receive(Session& session, page::Post& post) {
  if (!session.rooms.contains(post.room)) {
    return send(session.client,
                page::say_trouble("you are not in " + post.room, {.tag = post.tag}));
  }
  peer_.post(session.nick, std::move(post.room), post.kind, std::move(post.text), post.tag);
}

void Pages::receive(Session& session, page::Direct& direct) {
  auto known = std::ranges::find(session.asked, direct.id, &Asked::id);
  if (known != session.asked.end()) {
    if (known->why) send(session.client, page::say_outcome(known->id, *known->why));
    return;
  }
  if (session.asked.size() == most_asked) session.asked.pop_front();
  session.asked.push_back({.id = direct.id});
  Id id = peer_.direct(session.nick, std::move(direct.to), std::move(direct.text));
  directs_[id] = {session.id, direct.id};
}

void Pages::receive(Session& session, page::Join& join) {
  const bool full = session.rooms.size() >= wire::chat::most_rooms;
  if (full && !session.rooms.contains(join.room)) {
    return send(session.client,
                page::say_trouble("you are in as many rooms as there may be", {.room = join.room}));
  }
  session.rooms.insert(join.room);
  be_present(session);
  peer_.flush();
  by_room_[join.room].insert(session.client);
  send_history(session, join.room, {}, most_answer);
}

void Pages::receive(Session& session, page::Part& part) {
  if (session.rooms.erase(part.room) == 0) return;
  auto found = by_room_.find(part.room);
  found->second.erase(session.client);
  if (found->second.empty()) by_room_.erase(found);
  be_present(session);
}

void Pages::receive(Session& session, page::Nick& nick) {
  if (nick.nick == session.nick) return;
  if (is_taken(nick.nick, session.id)) {
    return send(session.client, page::say_trouble(nick.nick + " is taken; choose another nick"));
  }
  peer_.leave(session.nick);
  by_nick_.erase(session.nick);
  session.nick = nick.nick;
  by_nick_[session.nick] = session.id;
  be_present(session);
  send(session.client, page::say_nick(session.nick));
}

void Pages::receive(Session& session, page::History& history) {
  std::optional<Place> before;
  if (history.before) {
    before = Place{history.before->clock, history.before->author, history.before->seq};
  }
  peer_.flush();
  send_history(session, history.room, before, most_answer);
}

void Pages::receive(Session& session, page::Hello&) {
  send(session.client, page::say_trouble("you have said hello already"));
}

void Pages::on_event(const Event& event) {
  std::visit([this](const auto& content) { tell(content); }, event);
}

void Pages::tell(const Arrived& arrived) {
  auto found = by_room_.find(arrived.post.room);
  if (found == by_room_.end()) return;
  auto text = std::make_shared<const std::string>(page::say_post(arrived.post));
  for (web::ClientId client : found->second) server_.send(client, text);
}

void Pages::tell(const PresenceChange& change) {
  page::User user{.nick = change.nick,
                  .state = text_of(change.state),
                  .rooms = change.rooms,
                  .since_ms = wall_ms(Duration(0))};
  auto text = std::make_shared<const std::string>(page::say_user(user));
  for (const auto& [client, session] : by_client_) server_.send(client, text);
}

void Pages::tell(const DirectArrived& arrived) {
  auto found = by_nick_.find(arrived.message.to);
  if (found == by_nick_.end()) return;
  send(sessions_.at(found->second).client, page::say_direct(arrived.message));
}

void Pages::tell(const DirectEnded& ended) {
  auto found = directs_.find(ended.id);
  if (found == directs_.end()) return;
  auto [session_id, id] = found->second;
  directs_.erase(found);
  auto session = sessions_.find(session_id);
  if (session == sessions_.end()) return;
  std::string why = ended.ending == Ending::delivered ? "" : chat::describe(ended.ending, ended.to);
  auto asked = std::ranges::find(session->second.asked, id, &Asked::id);
  if (asked != session->second.asked.end()) asked->why = why;
  if (session->second.client != 0) send(session->second.client, page::say_outcome(id, why));
}

void Pages::refuse(web::ClientId client, std::string_view why, bool token) {
  waiting_.erase(client);
  send(client, page::say_refused(why, token));
  server_.close(client);
}

void Pages::send(web::ClientId client, std::string text) {
  server_.send(client, std::make_shared<const std::string>(std::move(text)));
}

}  // namespace shoal::chat
