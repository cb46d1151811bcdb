#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

#include <shoal/base/clock.hpp>
#include <shoal/stream/live_publisher.hpp>
#include <shoal/stream/publish_input.hpp>
#include <shoal/stream/stream_writer.hpp>

namespace shoal::stream {

struct PublishRunOptions {
  PublishInputOptions input{};
  StreamWriterOptions writer{};
  LivePublisherOptions live{};       ///< its publisher and the limits of its socket are set here
  std::size_t wait_subscribers = 0;  ///< read nothing before so many have subscribed, on any lane
  double rate = 0;                   ///< messages a second at most; 0: as fast as it goes
  std::optional<Duration>
      linger{};       ///< after the input ends stay so long; none: until all have all
  bool stay = false;  ///< stay until drain()
};

/// A publisher's whole run: its input goes into the log, and from there to readers; what is
/// committed goes to the live lane, too, and never before. Reads no more input than the log and,
/// where it waits for slow subscribers, the live lane take. Reactor's thread only.
class PublishRun {
 public:
  /// Throws Error as PublishInput, StreamWriter and LivePublisher do. Context and reactor outlive
  /// it. A disk that fails throws Error from the Reactor.
  PublishRun(net::Context& context, runtime::Reactor& reactor, PublishRunOptions options);

  /// Reads no more, and no longer stays.
  void drain();
  bool finished() const;

  /// After a disk was full: how many lines of all input need not be read again, because their
  /// messages are in the log. Nothing where that is not known.
  std::optional<std::uint64_t> lines_kept() const;

  std::uint64_t appended() const { return appended_; }  ///< messages in the log
  bool cut_short() const { return cut_short_; }         ///< drained before the input ended
  bool left_early() const { return left_early_; }       ///< a reader did not have everything

  /// A live subscriber took nothing for so long that it was not waited for any more.
  bool gave_up_live() const { return gave_up_live_; }

  /// Whether someone who was connected has not had everything, and cannot get it any more.
  bool fell_short() const {
    return left_early_ || gave_up_live_ || writer_.lost_readers() > 0 || !finished();
  }
  std::uint64_t moved() const { return appended_ + writer_.core().sent() + live_.published(); }
  bool had_peer() const { return live_.had_peer() || writer_.port().had_peer(); }

  const PublishInput& input() const { return input_; }
  const StreamWriter& writer() const { return writer_; }
  const LivePublisher& live() const { return live_; }

 private:
  /// Messages in the log that the live lane has not had yet.
  struct Pending {
    PublishBatch batch;
    Offset end = 0;        // of the log, behind them
    std::size_t sent = 0;  // records of the batch
    std::uint64_t time_ns = 0;
  };

  bool work();
  bool read_some();
  bool may_read();
  std::size_t allowance();
  void append(PublishBatch batch);
  bool publish_some();
  void watch_live();
  void give_up_live();
  bool live_done() const;
  void end();
  void leave_when_done();

  runtime::Reactor& reactor_;
  PublishRunOptions options_;
  PublishInput input_;
  StreamWriter writer_;
  LivePublisher live_;
  std::deque<Pending> pending_;
  std::size_t pending_bytes_ = 0;
  std::uint64_t settled_lines_ = 0;  // of the input, and on the live lane
  std::uint64_t appended_ = 0;
  Offset seen_head_ = 0;   // of the log, when the live lane was last asked to go on
  bool gathered_ = false;  // wait_subscribers have come
  double tokens_ = 1;      // of messages that the rate allows now
  Time filled_{};          // with tokens, last
  bool input_ended_ = false;
  bool cut_short_ = false;
  bool ended_ = false;  // all that was read is on its way
  bool staying_ = false;
  bool overdue_ = false;  // has stayed for as long as it may
  bool left_early_ = false;
  bool gave_up_live_ = false;
  std::uint64_t live_moved_ = 0;  // when the live lane was last seen to move, after the input's end
  bool leaving_ = false;
  runtime::Registration next_token_;
  runtime::Registration lingering_;
  runtime::Registration notice_;
  runtime::Registration live_limit_;
  runtime::Registration working_;
};

}  // namespace shoal::stream
