#include <algorithm>

#include <shoal/base/utf8.hpp>
#include <shoal/net/port_impl.hpp>
#include <shoal/runtime/log.hpp>

namespace shoal::net {
namespace {

constexpr std::size_t most_named = 3;
constexpr Duration shortest_tick = std::chrono::milliseconds(1);

std::string join(const std::vector<std::string>& words, const char* between) {
  std::string text;
  for (const std::string& word : words) text.append(text.empty() ? "" : between).append(word);
  return text;
}

std::string named(std::vector<std::string> endpoints) {
  std::size_t count = endpoints.size();
  if (count <= most_named) return join(endpoints, ", ");
  endpoints.resize(most_named);
  return join(endpoints, ", ") + " and " + std::to_string(count - most_named) + " more";
}

std::string version_text(std::uint32_t major, std::uint32_t minor) {
  return std::to_string(major) + "." + std::to_string(minor);
}

bool is_quiet(wire::RefuseCode code) {
  return code == wire::RefuseCode::duplicate || code == wire::RefuseCode::self ||
         code == wire::RefuseCode::leaving;
}

/// Who is at the other end, for people.
std::string who(const Session& session) {
  const wire::Hello& hello = session.hello();
  std::string text = hello.node.is_nil() ? "a node " : "";
  if (!hello.role.empty()) text = printable(std::string_view(hello.role).substr(0, 40)) + " ";
  if (!hello.node.is_nil()) text += hello.node.brief() + " ";
  if (!session.link().key_name().empty()) text += "(" + printable(session.link().key_name()) + ") ";
  const std::string& where = session.link().where();
  return text + (where.empty() ? "on this machine" : "at " + where);
}

}  // namespace

Port::Impl::Impl(Context::Impl& context, runtime::Reactor& reactor, PortOptions options,
                 PortEvents& events)
    : options_(std::move(options)), events_(events), shared_(context, reactor, options_, *this) {
  listener_ = std::make_unique<Listener>(shared_);
  for (const std::string& list : options_.binds) {
    Result<std::vector<EndpointSource>> sources = parse_endpoint_list(list);
    if (!sources) throw Error(sources.reason(), ExitCode::usage);
    for (const EndpointSource& source : *sources) {
      if (source.is_file) {
        throw Error("@" + source.text + ": @FILE is for dialling; name where to listen",
                    ExitCode::usage);
      }
      listener_->bind(*parse_endpoint(source.text));
    }
  }
  dial_book_ = std::make_unique<DialBook>(shared_, options_.connects);
  Duration period = std::max(options_.heartbeat / Terms::ticks_per_heartbeat, shortest_tick);
  tick_timer_ = reactor.every(period, [this] { tick(); });
  watch_for_peers();
}

Port::Impl::~Impl() {
  if (closed() && all_left_) listener_->allow_last_words();
}

Sent Port::Impl::send(PeerId peer, wire::Message message) {
  SHOAL_ASSERT(message.head.size() <= options_.limits.head_bytes &&
               message.size() <= options_.limits.message_bytes);
  auto found = up_.find(peer);
  if (closing_ || found == up_.end()) return Sent::gone;
  Session& session = *found->second;
  Sent sent = session.send(std::move(message));
  if (sent == Sent::gone) {
    later(peer, [](Session& lost) { lost.lost("connection lost"); });
  }
  return sent;
}

void Port::Impl::drop(PeerId peer, std::string reason) {
  if (Session* session = session_of(peer)) {
    session->mute();
    later(peer, [reason = std::move(reason)](Session& dropped) {
      dropped.refuse(wire::RefuseCode::dropped, reason);
    });
  }
}

void Port::Impl::later(PeerId peer, std::function<void(Session&)> act) {
  shared_.chores.add([this, peer, act = std::move(act)] {
    if (Session* session = session_of(peer)) act(*session);
  });
}

Session* Port::Impl::session_of(PeerId peer) const {
  auto found = up_.find(peer);
  return found == up_.end() ? nullptr : found->second;
}

void Port::Impl::dial_also(std::vector<std::string> endpoints) {
  shared_.chores.add(
      [this, endpoints = std::move(endpoints)] { dial_book_->dial_also(endpoints); });
}

void Port::Impl::close(Duration limit) {
  if (std::exchange(closing_, true)) return;
  waiting_timer_.reset();
  shared_.chores.add([this] {
    dial_book_->retire();
    std::vector<PeerId> peers;
    for (auto& [peer, session] : up_) peers.push_back(peer);
    for (PeerId peer : peers) {
      Session* session = session_of(peer);
      if (session != nullptr && !session->link().dialled()) session->leave();
    }
    rejudge_waiting();
  });
  close_timer_ = shared_.reactor.at(std::chrono::steady_clock::now() + limit, [this] {
    for (const auto& [peer, session] : std::unordered_map(up_)) {
      session->lost("no goodbye within the time given");
    }
  });
}

std::vector<std::string> Port::Impl::bound() const {
  return listener_->bound();
}

std::string Port::Impl::key_name(PeerId peer) const {
  const Session* session = session_of(peer);
  return session == nullptr ? std::string() : session->link().key_name();
}

Verdict Port::Impl::judge(Session& session) {
  const wire::Hello& hello = session.hello();
  if (auto refuse = judge_hello(hello)) return {.refuse = std::move(refuse)};
  auto holder = nodes_.find(hello.node);
  if (holder != nodes_.end()) {
    Verdict verdict = judge_taken(session, *up_.at(holder->second));
    if (verdict.refuse) return verdict;
  }
  if (up_.size() >= options_.limits.peers) {
    return {
        .refuse = {{wire::RefuseCode::full,
                    "no room for more than " + std::to_string(options_.limits.peers) + " peers"}}};
  }
  return {.wait = must_wait(session), .refuse = {}};
}

std::optional<wire::Refuse> Port::Impl::judge_hello(const wire::Hello& hello) const {
  if (hello.major != wire::protocol_major) {
    return wire::Refuse{wire::RefuseCode::version,
                        "protocol " + version_text(hello.major, hello.minor) + " meets " +
                            version_text(wire::protocol_major, wire::protocol_minor) +
                            "; run the same major version on both sides"};
  }
  if (hello.node == options_.node) return wire::Refuse{wire::RefuseCode::self, "this is yourself"};
  if (std::find(options_.accepts.begin(), options_.accepts.end(), hello.role) ==
      options_.accepts.end()) {
    return wire::Refuse{wire::RefuseCode::role,
                        "a " + options_.role + " talks to a " + join(options_.accepts, " or a ") +
                            ", not to a " + printable(hello.role.substr(0, 40))};
  }
  if (closing_) return wire::Refuse{wire::RefuseCode::leaving, "about to end"};
  return std::nullopt;
}

Verdict Port::Impl::judge_taken(Session& session, Session& holder) {
  if (!holder.probe()) return {};
  if (session.link().key_name() != holder.link().key_name()) {
    return {.refuse = {{wire::RefuseCode::taken, "another key holds this node id"}}};
  }
  // Two nodes that dial each other at once: both keep the connection dialled by the smaller id.
  bool better =
      session.link().dialled() && !holder.link().dialled() && options_.node < session.hello().node;
  wire::Refuse duplicate{wire::RefuseCode::duplicate, "connected already"};
  if (!better) return {.refuse = std::move(duplicate)};
  holder.refuse(duplicate.code, duplicate.reason);
  return {};
}

bool Port::Impl::must_wait(const Session& session) {
  if (session.link().dialled() || session.hello().node < options_.node) return false;
  auto found = waiting_.find(session.id());
  bool patient = found == waiting_.end() || found->second.ticks_left > 0;
  return patient && dial_book_->any_greeting();
}

void Port::Impl::waiting(Session& session) {
  waiting_[session.id()] = {&session, Terms::ticks_per_heartbeat};
}

void Port::Impl::rejudge_waiting() {
  for (const auto& [id, entry] : std::unordered_map(waiting_)) {
    if (waiting_.contains(id)) entry.session->rejudge();
  }
}

void Port::Impl::up(Session& session) {
  waiting_.erase(session.id());
  up_[session.id()] = &session;
  nodes_[session.hello().node] = session.id();
  had_peer_ = true;
  waiting_timer_.reset();
  shared_.notices.forget(session.link().where());
  log_debug("connected: " + who(session));
  events_.on_up(session.id(), session.hello());
  if (!waiting_.empty()) shared_.chores.add([this] { rejudge_waiting(); });
}

void Port::Impl::message(Session& session, wire::Message message) {
  events_.on_message(session.id(), std::move(message));
}

void Port::Impl::plain(PlainPeer peer, Bytes body) {
  if (!closing_) events_.on_plain(std::move(peer), std::move(body));
}

void Port::Impl::writable(Session& session) {
  later(session.id(), [this](Session& still) { events_.on_writable(still.id()); });
}

void Port::Impl::ended(Session& session, const Ending& ending) {
  waiting_.erase(session.id());
  report(session, ending);
  if (!waiting_.empty()) shared_.chores.add([this] { rejudge_waiting(); });
  if (up_.erase(session.id()) == 0) return;
  nodes_.erase(session.hello().node);
  if (closing_) all_left_ = all_left_ && ending.down.left;
  if (up_.empty() && !closing_) watch_for_peers();
  if (session.link().dialled() && dial_book_) dial_book_->look_up_again();
  events_.on_down(session.id(), ending.down);
}

void Port::Impl::report(const Session& session, const Ending& ending) {
  const std::string& reason = ending.down.reason;
  const std::string& where = session.link().where();
  switch (ending.cause) {
    case Ending::Cause::left:
    case Ending::Cause::lost:
      if (ending.was_up) log_debug(who(session) + ": " + reason);
      return;
    case Ending::Cause::refused_us:
      if (is_quiet(ending.code)) return log_debug(who(session) + " refused us: " + reason);
      return shared_.notices.warn(where, who(session) + " refused us: " + reason);
    case Ending::Cause::refused:
      if (is_quiet(ending.code)) return log_debug("refused " + who(session) + ": " + reason);
      const char* verb = ending.was_up ? "dropped " : "refused ";
      return shared_.notices.warn(where, verb + who(session) + ": " + reason);
  }
}

void Port::Impl::tick() {
  for (const auto& [peer, session] : std::unordered_map(up_)) {
    if (up_.contains(peer)) session->tick();
  }
  for (auto& [id, entry] : waiting_) --entry.ticks_left;
  rejudge_waiting();
}

void Port::Impl::watch_for_peers() {
  waiting_timer_ = shared_.reactor.at(std::chrono::steady_clock::now() + options_.waiting_notice,
                                      [this] { say_waiting(); });
}

void Port::Impl::say_waiting() const {
  std::vector<std::string> dialled = dial_book_->targets();
  const std::vector<std::string>& bound = listener_->bound();
  std::string where;
  if (!dialled.empty()) where = " at " + named(dialled);
  if (!bound.empty())
    where += (dialled.empty() ? " to dial " : ", or for one to dial ") + named(bound);
  if (where.empty()) return;
  std::string roles = options_.accepts.empty() ? "peer" : join(options_.accepts, " or a ");
  log_info(std::string("waiting ") + (had_peer_ ? "again " : "") + "for a " + roles + where);
}

}  // namespace shoal::net
