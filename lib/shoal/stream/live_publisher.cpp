#include <algorithm>

#include <shoal/stream/live_publisher.hpp>

namespace shoal::stream {
namespace {

// A mark to a subscriber at its high-water mark is lost like any message. So many come in a row, of
// what has moved; then all topics are marked at pauses that double, for whoever was stopped longer.
constexpr int marks_in_a_row = 3;
constexpr int longest_pause = 60;  // as a multiple of the first
constexpr std::chrono::milliseconds repeat_end(100);

net::PublishOptions socket_options(net::PublishOptions options) {
  options.side_topic = wire::live::mark_topic;
  return options;
}

}  // namespace

LivePublisher::LivePublisher(net::Context& context, runtime::Reactor& reactor,
                             LivePublisherOptions options, std::function<bool()> ready)
    : reactor_(reactor),
      options_(std::move(options)),
      ready_(std::move(ready)),
      numbers_(options_.most_topics),
      writer_(options_.publisher, options_.epoch),
      idle_(reactor.every(options_.mark_after, [this] { mark_if_idle(); })),
      socket_(context, reactor, socket_options(options_.socket), [this] { return run(); }) {}

LivePublisher::Sent LivePublisher::publish(std::string_view topic, const Bytes& payload,
                                           const wire::Headers& headers, std::uint64_t time_ns) {
  if (ending_ || !send_marks() || socket_.is_full(payload)) return Sent::full;
  if (numbers_.is_full_for(topic)) {
    begin_epoch();
    if (!send_marks()) return Sent::full;
  }
  std::uint64_t number = numbers_.next(topic);
  next_mark_ = reactor_.now() + options_.mark_after;
  told_ = 0;
  ++published_;
  if (!socket_.is_wanted()) return Sent::done;
  writer_.write(number, time_ns, headers, header_);
  Sent became = socket_.send(topic, payload, header_);
  if (became == Sent::dropped) ++dropped_;
  return became;
}

void LivePublisher::close() {
  if (std::exchange(ending_, true)) return;
  idle_.reset();
  give_up_ =
      reactor_.at(std::chrono::steady_clock::now() + options_.answers, [this] { give_up(); });
  socket_.await_answers();
  say_end();
}

void LivePublisher::give_up() {
  if (closed()) return;
  gave_up_ = true;
  ending_ = true;
  idle_.reset();
  finish();
}

bool LivePublisher::run() {
  send_marks();
  if (!ending_) return ready_();
  if (marks_.empty() && socket_.all_answered()) finish();
  return false;
}

void LivePublisher::mark_if_idle() {
  if (published_ == 0 || reactor_.now() < next_mark_) return;
  if (socket_.side_subscribers() == 0 || !marks_.empty()) return;
  bool in_a_row = told_ < marks_in_a_row;
  queue_marks(in_a_row ? numbers_.moved() : numbers_.all(), false);
  pause_ = in_a_row ? options_.mark_after
                    : std::min<Duration>(2 * pause_, longest_pause * options_.mark_after);
  next_mark_ = reactor_.now() + pause_;
  if (++told_ == marks_in_a_row) numbers_.mark();
  send_marks();
}

void LivePublisher::queue_marks(const std::vector<wire::live::Total>& totals, bool ends) {
  std::vector<std::string> frames = wire::live::encode_totals(totals);
  if (frames.empty() && ends) frames.emplace_back();
  for (std::string& frame : frames) {
    bool last = &frame == &frames.back();
    marks_.push_back({.totals = std::move(frame), .header = writer_.mark(ends && last)});
  }
}

/// Whether all marks are on their way.
bool LivePublisher::send_marks() {
  for (; !marks_.empty(); marks_.pop_front()) {
    Bytes totals = Bytes::copy(marks_.front().totals);
    if (socket_.is_full(totals)) return false;
    socket_.send(wire::live::mark_topic, totals, marks_.front().header);
  }
  return true;
}

/// More topics than can be numbered: forgets them all, once their numbers are told.
void LivePublisher::begin_epoch() {
  queue_marks(numbers_.all(), false);
  numbers_.start_over();
  writer_ = {options_.publisher, ++options_.epoch};
}

/// Again and again, because the marks are lost where a subscriber has no room for them.
void LivePublisher::say_end() {
  if (marks_.empty() && socket_.side_subscribers() > 0) queue_marks(numbers_.all(), true);
  send_marks();
  socket_.touch();
  repeat_ = reactor_.at(std::chrono::steady_clock::now() + repeat_end, [this] { say_end(); });
}

void LivePublisher::finish() {
  repeat_.reset();
  give_up_.reset();
  socket_.close();
}

}  // namespace shoal::stream
