#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <shoal/base/seq_set.hpp>
#include <shoal/net/live_socket.hpp>
#include <shoal/runtime/reactor.hpp>
#include <shoal/stream/live_counter.hpp>
#include <shoal/stream/topic_filter.hpp>
#include <shoal/wire/live_frames.hpp>

namespace shoal::stream {

struct LiveSubscriberOptions {
  net::PlainOptions socket{};
  Topics topics{};
  std::size_t most_topics = LiveGaps::default_topics;  ///< whose numbers are remembered
};

/// One message of a topic that was asked for. Views last as long as the callback.
struct LiveArrival {
  std::string_view topic;
  Bytes payload;
  const wire::live::Header* header = nullptr;  ///< null: of a publisher that is not ours
};

/// Messages of a topic that will not come.
struct LiveGap {
  Id publisher;
  std::uint64_t epoch = 0;
  std::string_view topic;
  SeqRange missing;
};

struct LiveEvents {
  std::function<void(const LiveArrival&)> message;
  std::function<void(const LiveGap&)> gap;           ///< before the message that showed it
  std::function<void(const Id& publisher)> ended{};  ///< will publish no more; may be empty
};

/// What ZeroMQ has to be asked for so that nothing that `topics` wants is missed: the longest
/// prefixes without wildcards, none of which begins with another.
std::vector<std::string> live_prefixes(const Topics& topics);

/// The subscriber's side of the live lane (PROTOCOL.md, "Live"): hands on what was asked for, and
/// tells what is missing. Reactor's thread only.
class LiveSubscriber {
 public:
  /// Throws Error as SubscribeSocket does, and for patterns that make no sense (usage). Events are
  /// never told from within this constructor.
  LiveSubscriber(net::Context& context, runtime::Reactor& reactor, LiveSubscriberOptions options,
                 LiveEvents events);

  /// Takes no more until resume(), also from within a callback; what comes meanwhile may be lost,
  /// and is then counted.
  void pause() { paused_ = true; }
  void resume();

  /// Takes no more at all.
  void close();
  bool closed() const { return socket_.closed(); }

  std::uint64_t received() const noexcept { return received_; }      ///< messages handed on
  std::uint64_t unnumbered() const noexcept { return unnumbered_; }  ///< of these
  std::uint64_t missing() const noexcept { return gaps_.missing(); }
  std::uint64_t repeated() const noexcept { return gaps_.repeated(); }  ///< and not handed on
  std::vector<std::string> bound() const { return socket_.bound(); }
  bool had_peer() const { return socket_.had_peer(); }

 private:
  bool take();
  void on_message();
  void on_mark();
  void tell(const wire::live::Header& header, std::string_view topic, SeqRange missing);

  TopicFilter filter_;
  LiveEvents events_;
  LiveGaps gaps_;
  net::LiveMessage message_;  // the one at hand
  bool paused_ = false;
  std::uint64_t received_ = 0;
  std::uint64_t unnumbered_ = 0;
  net::SubscribeSocket socket_;
};

}  // namespace shoal::stream
