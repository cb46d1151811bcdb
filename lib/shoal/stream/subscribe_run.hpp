#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

#include <shoal/stream/live_subscriber.hpp>
#include <shoal/stream/record_format.hpp>
#include <shoal/stream/stream_reader.hpp>
#include <shoal/stream/subscribe_output.hpp>

namespace shoal::stream {

struct SubscribeRunOptions {
  std::optional<LiveSubscriberOptions> live{};  ///< one of these two
  std::optional<StreamReaderOptions> stream{};  ///< its cursors are set here
  std::size_t streams = 1;                      ///< that there will be, at least
  SubscribeOutputOptions output{};
  RecordFormat format = RecordFormat::raw();
  bool json = false;                     ///< format is JSON: what is missing is told there, too
  char delimiter = '\n';                 ///< behind each record
  std::optional<std::uint64_t> count{};  ///< leave after so many
  std::optional<Duration> timeout{};     ///< leave after so long
  bool until_end = false;  ///< leave at the head met first, or when all live publishers have ended
};

/// A subscriber's whole run: messages of the live lane, or records of streams, as text on its
/// output. Reads no faster than the output takes. Reactor's thread only.
class SubscribeRun {
 public:
  /// Throws Error as its parts do. Context and reactor outlive it. An output that fails and a
  /// stream that cannot go on throw Error from the Reactor.
  SubscribeRun(net::Context& context, runtime::Reactor& reactor, SubscribeRunOptions options);

  void drain();
  bool finished() const;

  std::uint64_t printed() const { return printed_; }
  std::uint64_t missing() const { return live_ ? live_->missing() : 0; }    ///< of live messages
  std::uint64_t repeated() const { return live_ ? live_->repeated() : 0; }  ///< and not printed
  std::uint64_t trimmed() const { return reader_ ? reader_->core().trimmed() : 0; }
  bool had_peer() const { return live_ ? live_->had_peer() : reader_->port().had_peer(); }
  bool output_closed() const { return output_.closed(); }
  bool timed_out() const { return timed_out_; }
  bool cut_short() const { return cut_short_; }  ///< drained before it was done

  /// With until_end: the place that was asked for, and that a stream ends before, for people; empty
  /// when all is well.
  std::string beyond_end() const;

 private:
  bool work();
  void on_delivery(Delivery delivery);
  bool print_records(Delivery& delivery);
  void on_message(const LiveArrival& arrival);
  void on_gap(const LiveGap& gap);
  void on_ended(const Id& publisher);
  void say_gaps();
  void tell_trimmed(const Delivery& delivery);
  void print(const RecordText& record);
  void print_event(const char* event, std::vector<std::pair<std::string, wire::JsonValue>> fields);
  void write_text();
  void pace_live();
  bool at_end() const;
  void finish();

  runtime::Reactor& reactor_;
  SubscribeRunOptions options_;
  SubscribeOutput output_;
  std::string text_;  // for output_
  std::uint64_t printed_ = 0;
  bool paused_ = false;                 // the live lane
  std::map<Id, std::uint64_t> unsaid_;  // missing of a publisher, and not told on stderr yet
  Time said_{};
  std::set<Id> publishers_;  // heard of on the live lane, and not ended
  bool ended_ = false;       // some have
  bool done_ = false;
  bool timed_out_ = false;
  bool cut_short_ = false;
  runtime::Registration timeout_;
  runtime::Registration saying_;
  std::optional<LiveSubscriber> live_;
  std::optional<StreamReader> reader_;
  runtime::Registration working_;
};

}  // namespace shoal::stream
