#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <shoal/base/bytes.hpp>
#include <shoal/net/context.hpp>
#include <shoal/net/plain_options.hpp>
#include <shoal/runtime/reactor.hpp>

namespace shoal::net {

struct PublishOptions {
  PlainOptions plain{};  ///< its high_water: messages held for each subscriber

  /// A subscriber at its mark holds everyone up, instead of missing what comes meanwhile.
  bool block = false;

  /// Payloads of more than 1 KiB that libzmq holds, for all subscribers together (what several have
  /// still to be sent counts once).
  std::size_t held_bytes = 128UL << 20;

  /// Those who subscribe to exactly this topic are told apart: side_subscribers().
  std::string side_topic{};
};

/// A bare PUB socket: messages of a topic, a payload and, unless it is empty, a header, at most
/// once, to whoever is subscribed now, any ZeroMQ program. A subscriber that does not keep up
/// misses messages or holds everyone up, as `block` says.
///
/// Memory is bounded whatever subscribers do: a subscriber costs at most high_water messages, those
/// of up to 1 KiB a copy each, and the larger ones held_bytes for all subscribers together; one
/// more message may exceed that. Where that is not enough, messages go to nobody until there is
/// room; unless `block` is set, a tcp:// subscriber that takes nothing for 10 s is cut, and dials
/// anew once it goes on.
///
/// Used on the Reactor's thread only; no call blocks.
class PublishSocket {
 public:
  enum class Sent {
    done,     ///< handed to libzmq for every subscriber, though one at its mark misses it
    full,     ///< not taken; `ready` is asked once it may be
    dropped,  ///< for nobody: libzmq holds as much as it may
  };

  /// As PlainSocket's. `ready` is also asked when someone has subscribed or left.
  PublishSocket(Context& context, runtime::Reactor& reactor, PublishOptions options,
                std::function<bool()> ready);
  ~PublishSocket();
  PublishSocket(const PublishSocket&) = delete;
  PublishSocket& operator=(const PublishSocket&) = delete;

  /// Whether send() of `payload` would be Sent::full.
  bool is_full(const Bytes& payload) const;

  Sent send(std::string_view topic, const Bytes& payload, std::string_view header);

  /// Whether anyone is subscribed to anything, the side topic included.
  bool is_wanted() const;

  /// Have `ready` asked before the Reactor waits.
  void touch();

  /// Sends no more. closed() becomes true when what was handed out has been written, or `linger`
  /// has passed. Who destroys this before that leaves at once: the rest may be lost.
  void close();
  bool closed() const;

  /// Connections that have subscribed to anything but the side topic.
  std::size_t subscribers() const;
  std::size_t side_subscribers() const;

  /// A side subscriber answers by ending its subscription to the side topic (it may begin it anew).
  /// What it was sent before the message that it answers has then reached it.
  void await_answers();       ///< forgets who has answered
  bool all_answered() const;  ///< every side subscriber has answered since, or is gone

  std::vector<std::string> bound() const;  ///< as PlainSocket's
  bool had_peer() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// One message as a subscriber gets it. A publisher that is not ours sends a topic alone, or a
/// topic and a payload.
struct LiveMessage {
  std::string topic;
  Bytes payload;
  std::string header;  ///< empty: none
};

/// A bare SUB socket, on either end of a connection. Used on the Reactor's thread only; no call
/// blocks.
class SubscribeSocket {
 public:
  /// As PlainSocket's. Receives nothing before subscribe().
  SubscribeSocket(Context& context, runtime::Reactor& reactor, PlainOptions options,
                  std::function<bool()> ready);
  ~SubscribeSocket();
  SubscribeSocket(const SubscribeSocket&) = delete;
  SubscribeSocket& operator=(const SubscribeSocket&) = delete;

  /// Asks every publisher for the topics that begin with `prefix`, from now on.
  void subscribe(const std::string& prefix);

  /// The next message, in turn from all publishers; false when there is none. Messages of more than
  /// three frames are dropped, which is said on stderr.
  bool receive(LiveMessage& into);

  /// Ends the subscription to `prefix`, which there must be, with those from whom the last message
  /// may have come, and begins it anew: a sign that it has been received.
  void answer(const std::string& prefix);

  void touch();  ///< as PlainSocket's
  void close();
  bool closed() const;
  std::vector<std::string> bound() const;
  bool had_peer() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace shoal::net
