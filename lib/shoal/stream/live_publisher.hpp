#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <shoal/base/id.hpp>
#include <shoal/net/live_socket.hpp>
#include <shoal/runtime/reactor.hpp>
#include <shoal/stream/live_counter.hpp>
#include <shoal/wire/live_frames.hpp>

namespace shoal::stream {

/// Default endpoint: where publishers send what is live.
inline constexpr const char* live_endpoint = "tcp://127.0.0.1:5030";

/// Messages that libzmq holds for a subscriber, on either side.
inline constexpr int live_high_water = 16'384;

struct LivePublisherOptions {
  net::PublishOptions socket{};  ///< endpoints, marks and what to do with a slow subscriber
  Id publisher;                  ///< new at each start: numbers begin at 0
  std::uint64_t epoch = 0;       ///< grows when the topics become too many to number
  std::size_t most_topics = LiveNumbers::default_topics;
  Duration answers = std::chrono::seconds(5);     ///< how long the end may wait for subscribers
  Duration mark_after = std::chrono::seconds(1);  ///< without messages; at first that often
};

/// The publisher's side of the live lane (PROTOCOL.md, "Live"): numbers messages, so that their
/// loss is seen, and sends them to whoever is subscribed. Reactor's thread only.
class LivePublisher {
 public:
  using Sent = net::PublishSocket::Sent;

  /// Throws Error as PublishSocket does. `ready` is asked whenever something may have happened: a
  /// subscriber came or went, or there is room; it publishes a bounded amount and returns whether
  /// it did any. Context, reactor and what `ready` uses outlive this.
  LivePublisher(net::Context& context, runtime::Reactor& reactor, LivePublisherOptions options,
                std::function<bool()> ready);

  /// A topic that can be one (topic_fault), headers that fit (wire::headers_fit). `full`: not
  /// taken, offer it again when `ready` is asked.
  Sent publish(std::string_view topic, const Bytes& payload, const wire::Headers& headers,
               std::uint64_t time_ns);

  /// Have `ready` asked before the Reactor waits.
  void touch() { socket_.touch(); }

  /// Connections that have subscribed to something.
  std::size_t subscribers() const { return socket_.subscribers(); }

  /// Publishes no more. closed() becomes true when every subscriber of ours knows what it has
  /// missed, or has had `answers` to tell so, and the rest has been written, or has lingered.
  void close();
  bool closed() const { return socket_.closed(); }

  /// Waits no longer: whoever has not had everything misses the rest.
  void give_up();

  /// Whether a subscriber of ours had not told by the end of `answers` that it knows the end, or
  /// give_up() was called before all had. closed() follows after the socket's linger.
  bool gave_up() const noexcept { return gave_up_; }

  std::uint64_t published() const noexcept { return published_; }
  std::uint64_t dropped() const noexcept { return dropped_; }  ///< of these, for nobody
  std::vector<std::string> bound() const { return socket_.bound(); }
  bool had_peer() const { return socket_.had_peer(); }

 private:
  struct Mark {
    std::string totals;
    std::string header;
  };

  bool run();
  void mark_if_idle();
  void queue_marks(const std::vector<wire::live::Total>& totals, bool ends);
  bool send_marks();
  void begin_epoch();
  void say_end();
  void finish();

  runtime::Reactor& reactor_;
  LivePublisherOptions options_;
  std::function<bool()> ready_;
  LiveNumbers numbers_;
  wire::live::HeaderWriter writer_;
  std::string header_;  // of the message being sent
  std::deque<Mark> marks_;
  Time next_mark_{};   // when nothing is published before
  Duration pause_{0};  // before that
  int told_ = 0;       // how often what has moved has been marked
  std::uint64_t published_ = 0;
  std::uint64_t dropped_ = 0;
  bool ending_ = false;
  bool gave_up_ = false;
  runtime::Registration idle_;
  runtime::Registration repeat_;
  runtime::Registration give_up_;
  net::PublishSocket socket_;
};

}  // namespace shoal::stream
