#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <shoal/base/bytes.hpp>
#include <shoal/net/context.hpp>
#include <shoal/net/plain_options.hpp>
#include <shoal/runtime/reactor.hpp>

namespace shoal::net {

/// A bare PUSH or PULL socket: messages of one frame, at most once, to and from any ZeroMQ program.
/// What a peer has been handed is gone with it when it dies; nothing is handed out before a peer is
/// connected. A receiver at its high-water mark loses what the kernel holds for it when its peer
/// leaves an ipc:// connection (libzmq 4.3.4; not so with tcp://). Security and endpoints are those
/// of a Port, but for dns+tcp.
///
/// Used on the Reactor's thread only; no call blocks.
class PlainSocket {
 public:
  enum class Kind { push, pull };

  /// Binds and begins to dial. Throws Error as Port does. `ready` is asked before the Reactor waits
  /// whenever something may have happened, never from within this constructor: it sends or receives
  /// a bounded amount and returns whether it did any. Context, reactor and what `ready` uses
  /// outlive this.
  PlainSocket(Context& context, runtime::Reactor& reactor, Kind kind, PlainOptions options,
              std::function<bool()> ready);
  ~PlainSocket();
  PlainSocket(const PlainSocket&) = delete;
  PlainSocket& operator=(const PlainSocket&) = delete;

  /// PUSH: hands `message` to the next peer that has room, in turn; false when none has. Then
  /// `ready` is asked again once one may.
  bool send(const Bytes& message);

  /// PULL: the next message; nothing when there is none. Messages of several frames are dropped,
  /// which is said on stderr.
  std::optional<Bytes> receive();

  /// Have `ready` asked before the Reactor waits, such as after a pause in receiving.
  void touch();

  /// Sends and receives no more. closed() becomes true when everything handed out has been written
  /// to its peer or has lost it. Who destroys this before that leaves at once: the rest may be
  /// lost.
  void close();
  bool closed() const;

  /// The bound endpoints with wildcards resolved, in the order given.
  std::vector<std::string> bound() const;

  bool had_peer() const;  ///< whether a peer was ever connected

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace shoal::net
