#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <shoal/base/clock.hpp>
#include <shoal/base/id.hpp>
#include <shoal/net/context.hpp>
#include <shoal/net/endpoint.hpp>
#include <shoal/runtime/reactor.hpp>
#include <shoal/wire/hello.hpp>
#include <shoal/wire/message.hpp>

namespace shoal::net {

/// One session with one peer, from on_up to on_down. Never used again: a peer that comes back is a
/// new session.
using PeerId = std::uint64_t;

/// What became of a message given to Port::send.
enum class Sent {
  sent,    ///< handed to libzmq
  queued,  ///< waits in the Port's own queue for the peer; goes out in order
  full,    ///< not taken: the peer's queue is at its limit. on_writable tells when there is room
  gone,    ///< not taken: no such session
};

/// Why a session ended.
struct Down {
  bool left = false;   ///< the peer said goodbye: it had received all that was sent before
  std::string reason;  ///< one phrase for people, such as "silent for 3s"
};

/// A bare ZeroMQ program, without a session, that has asked something: how to answer it. Nothing is
/// kept of it in the Port.
struct PlainPeer {
  std::string routing_id;
  bool enveloped = false;  ///< its message began with an empty frame, and so does the answer
};

/// What a Port tells the pattern above it, always on the Reactor's thread. Calls into the Port are
/// allowed in all of them.
class PortEvents {
 public:
  virtual ~PortEvents() = default;

  /// A peer is there: HELLOs were exchanged and accepted on both sides.
  virtual void on_up(PeerId peer, const wire::Hello& hello) = 0;

  /// One whole message. Within a session messages arrive in the order sent, none missing, none
  /// twice.
  virtual void on_message(PeerId peer, wire::Message message) = 0;

  /// The session ended; messages sent to it may or may not have arrived (unless it `left`).
  virtual void on_down(PeerId peer, const Down& why) = 0;

  /// There is room again for a peer to which send() had answered `full`.
  virtual void on_writable(PeerId peer) { static_cast<void>(peer); }

  /// A message of a bare ZeroMQ program; only with PortOptions::plain.
  virtual void on_plain(PlainPeer peer, Bytes body) {
    static_cast<void>(peer);
    static_cast<void>(body);
  }
};

struct PortLimits {
  std::size_t queue_bytes = 128UL << 20;  ///< waiting for one peer; send() answers `full` beyond it
  std::size_t message_bytes = 64UL << 20;  ///< one message, all that a peer can make us hold
  std::size_t head_bytes = 1UL << 20;      ///< the head of one message, and a HELLO
  std::size_t chunk_bytes = 256UL << 10;   ///< largest frame we send (256 KiB at most): bodies
                                           ///< beyond it travel in pieces
  std::size_t peers = 1000;                ///< sessions at a time
};

/// Every address of a host name, as text. Called on a thread of its own, where it may block; must
/// not throw.
using Lookup = std::function<Result<std::vector<std::string>>(const std::string& host)>;

/// The operating system's lookup (getaddrinfo): /etc/hosts, DNS and what else it is set up for.
Result<std::vector<std::string>> system_lookup(const std::string& host);

struct PortOptions {
  std::vector<std::string> binds;     ///< endpoint lists to listen on; wildcard ports are allowed
  std::vector<std::string> connects;  ///< endpoint lists to dial, each endpoint on its own; @FILE
                                      ///< is read again when it changes
  std::string role;                   ///< ours, said in HELLO
  std::vector<std::string> accepts;   ///< the roles that may be at the other end
  Id node;                            ///< ours, said in HELLO
  std::map<std::string, std::string> fields;     ///< the pattern's own, said in HELLO
  Duration heartbeat = std::chrono::seconds(1);  ///< we are never silent for longer than this
  int missed_heartbeats = 3;                     ///< a peer silent for so many is dead
  Duration redial_first = std::chrono::milliseconds(50);  ///< doubles with jitter up to redial_most
  Duration redial_most = std::chrono::seconds(2);
  Duration waiting_notice =
      std::chrono::seconds(1);  ///< with no peer for so long, say for whom we wait
  Duration lookup_again = std::chrono::seconds(30);  ///< how often dns+tcp:// names are looked up
  Lookup lookup = system_lookup;                     ///< another one in tests
  PortLimits limits;
  bool plain = false;  ///< who dials us without a HELLO is a bare ZeroMQ program (REQ-15)
};

/// The limits of a Port whose messages carry records of up to `record_bytes`.
PortLimits limits_for(std::size_t record_bytes);

/// How long a node that leaves waits for its peers to confirm the goodbye.
inline constexpr Duration goodbye_limit = std::chrono::seconds(10);

/// The one reliable transport under every pattern (PROTOCOL.md, "Port"): any number of binds (one
/// ROUTER) and of connects (one DEALER an endpoint, a fresh socket for each dial). Who dialled whom
/// is invisible above it.
///
/// Used on the Reactor's thread only. Lines for people (who is refused and why, for whom we wait)
/// go to the log.
class Port {
 public:
  /// Binds and begins to dial. Throws Error: an endpoint that does not parse (usage), a port in use
  /// or an address that is not ours (error), beyond loopback without keys (not_allowed). The
  /// context, the reactor and `events` must outlive the Port; none of `events` is called before the
  /// Reactor runs.
  Port(Context& context, runtime::Reactor& reactor, PortOptions options, PortEvents& events);
  ~Port();
  Port(const Port&) = delete;
  Port& operator=(const Port&) = delete;

  /// Takes a message for a peer; never blocks and never drops silently. Asserts that the message is
  /// within our own limits, since every peer would drop us for it: patterns check what they take
  /// in.
  Sent send(PeerId peer, wire::Message message);

  /// Answers a bare ZeroMQ program with the frames that it expects. False: dropped, because it is
  /// gone or does not read.
  bool answer_plain(const PlainPeer& peer, const Bytes& body);

  /// Ends a session that the pattern finds at fault; `reason` is printed on both sides. on_down
  /// follows, from the Reactor. A peer that dialled us may dial again.
  void drop(PeerId peer, std::string_view reason);

  /// Dials these endpoints besides `connects`, and hangs up on those of an earlier call that are
  /// not among them: for a pattern whose peers name each other. What cannot be dialled is said in
  /// the log and left out.
  void dial_also(const std::vector<std::string>& endpoints);

  /// Says goodbye to every peer, after all that is queued for it, and takes no new ones. closed()
  /// becomes true when each has confirmed (so it has all we sent), or gone, or `limit` has passed.
  void close(Duration limit);
  bool closed() const;

  /// The bound endpoints with wildcards resolved, in the order given.
  std::vector<std::string> bound() const;

  /// Whether every endpoint in `connects` has a session now, or has been refused as a duplicate of
  /// one that has. True with no connects.
  bool all_dialled() const;

  /// How many sessions there are now, and whether there ever was one.
  std::size_t peer_count() const;
  bool had_peer() const;

  /// The NAME of the trusted key that a peer proved to own; empty without keys or such a session.
  std::string key_name(PeerId peer) const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace shoal::net
