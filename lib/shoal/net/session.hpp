#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <shoal/net/inbox.hpp>
#include <shoal/net/link.hpp>
#include <shoal/net/outbox.hpp>

namespace shoal::net {

class Session;

/// What to do about a peer's HELLO.
struct Verdict {
  bool wait = false;                   ///< ask again later (PROTOCOL.md, PORT-16)
  std::optional<wire::Refuse> refuse;  ///< neither: accept
};

/// Whom a Session asks and tells: the Port. Calls into the session are allowed in all of them.
class SessionHost {
 public:
  virtual ~SessionHost() = default;
  virtual Verdict judge(Session& session) = 0;
  virtual void waiting(Session& session) = 0;  ///< judge said wait: call rejudge later
  virtual void up(Session& session) = 0;
  virtual void message(Session& session, wire::Message message) = 0;
  virtual void plain(PlainPeer peer, Bytes body) = 0;  ///< of a bare ZeroMQ program
  virtual void writable(Session& session) = 0;
  virtual void ended(Session& session, const Ending& ending) = 0;  ///< the last call, before over()
};

/// What all sessions of a Port have in common.
struct Terms {
  static constexpr int ticks_per_heartbeat = 4;

  std::string hello;  ///< our HELLO as a frame
  int missed_heartbeats = 3;
  Duration heartbeat{};
  PortLimits limits;
};

/// The protocol of one connection from HELLO to its end (PROTOCOL.md, "Port"). It is passive: its
/// link feeds it frames, and the Port calls tick() `ticks_per_heartbeat` times a heartbeat. Silence
/// is counted in ticks, not on the clock, so that a process that was stopped itself, or busy for
/// long, does not blame its peers.
class Session {
 public:
  Session(PeerId id, Link& link, SessionHost& host, const Terms& terms)
      : id_(id), link_(link), host_(host), terms_(terms), out_(terms.limits), in_(terms.limits) {}
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  PeerId id() const noexcept { return id_; }
  Link& link() const noexcept { return link_; }
  const wire::Hello& hello() const noexcept { return hello_; }  ///< the peer's, once it came
  bool is_up() const noexcept { return state_ == State::up; }
  bool is_greeting() const noexcept { return state_ == State::greeting; }
  bool is_over() const noexcept { return state_ == State::over; }

  void greet();  ///< a dialler's first word
  void receive(Frames& frames);
  Sent send(wire::Message message);
  void leave();                            ///< says BYE after all that is queued
  void mute() noexcept { muted_ = true; }  ///< nothing more is taken or delivered: the end is near
  void refuse(wire::RefuseCode code, const std::string& reason);
  void lost(const std::string& reason);
  void rejudge();  ///< after `waiting`
  bool probe();    ///< false when the peer is gone; then the session has ended
  void tick();

 private:
  enum class State { greeting, waiting, up, over };

  void receive_first(wire::FrameKind kind, Frames& frames);
  void receive_up(wire::FrameKind kind, Frames& frames);
  void receive_hello(std::string_view content);
  void receive_refuse(std::string_view content);
  void receive_data(wire::FrameKind kind, Frames& frames);
  void receive_alive(std::string_view content);
  void receive_bye(std::string_view content);
  void malformed(const std::string& reason);
  void answer(const Verdict& verdict);
  bool write(const std::string& frame);  // false when that ended the session
  bool pump();                           // likewise
  void settle();
  void end(Ending ending);

  const PeerId id_;
  Link& link_;
  SessionHost& host_;
  const Terms& terms_;
  State state_ = State::greeting;
  wire::Hello hello_;
  Outbox out_;
  Inbox in_;
  bool muted_ = false;
  bool turned_away_ = false;  // send() said `full`: tell when there is room
  bool said_ = false;         // anything since the last tick
  int quiet_ticks_ = 0;       // since we said something
  int silent_ticks_ = 0;      // since the peer did
  bool leaving_ = false;
  std::optional<std::uint64_t> our_bye_;    // the count in the last BYE we sent
  std::optional<std::uint64_t> their_bye_;  // the count in the last BYE that came
};

}  // namespace shoal::net
