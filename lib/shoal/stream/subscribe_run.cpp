#include <shoal/base/units.hpp>
#include <shoal/base/utf8.hpp>
#include <shoal/runtime/log.hpp>
#include <shoal/store/record_log.hpp>
#include <shoal/stream/subscribe_run.hpp>

namespace shoal::stream {
namespace {

using namespace std::chrono_literals;

// Written in one piece, where there is so much.
constexpr std::size_t piece_bytes = 256UL << 10;

// Text that waits for whoever reads the output; the live lane stands still beyond it.
constexpr std::size_t most_waiting = 8UL << 20;

constexpr Duration say_period = 1s;

store::LogHeaders headers_of(const store::RecordView& record) {
  if (record.headers.empty()) return {};
  Result<store::LogHeaders> headers = store::decode_log_headers(record.headers);
  return headers ? *std::move(headers) : store::LogHeaders();
}

StreamReaderOptions with_cursors(StreamReaderOptions options, const SubscribeOutput& output) {
  options.reading.cursors = output.cursors();
  return options;
}

}  // namespace

SubscribeRun::SubscribeRun(net::Context& context, runtime::Reactor& reactor,
                           SubscribeRunOptions options)
    : reactor_(reactor), options_(std::move(options)), output_(reactor, options_.output) {
  if (options_.live) {
    live_.emplace(context, reactor, *options_.live,
                  LiveEvents{.message = [this](const LiveArrival& arrival) { on_message(arrival); },
                             .gap = [this](const LiveGap& gap) { on_gap(gap); },
                             .ended = [this](const Id& publisher) { on_ended(publisher); }});
  } else {
    reader_.emplace(context, reactor, with_cursors(*options_.stream, output_),
                    [this](Delivery delivery) { on_delivery(std::move(delivery)); });
  }
  working_ = reactor_.before_wait([this] { return work(); });
  if (!options_.timeout) return;
  timeout_ = reactor_.at(reactor_.now() + *options_.timeout, [this] {
    timed_out_ = !done_;
    done_ = true;
  });
}

void SubscribeRun::drain() {
  cut_short_ = !done_;
  done_ = true;
}

bool SubscribeRun::finished() const {
  bool left = live_ ? live_->closed() : reader_->finished();
  return done_ && left && (output_.settled() || output_.closed());
}

/// Everything that events and timers bring about is done here.
bool SubscribeRun::work() {
  bool wrote = !text_.empty();
  write_text();
  for (const Delivery& delivery : output_.take_settled()) {
    if (!done_) reader_->taken(delivery);
  }
  if (output_.closed()) done_ = true;
  if (live_) pace_live();
  done_ = done_ || at_end();
  if (done_) finish();
  return wrote;
}

bool SubscribeRun::at_end() const {
  if (!options_.until_end) return false;
  if (live_) return ended_ && publishers_.empty();
  const ReaderCore& core = reader_->core();
  return core.at_end() && core.met() >= options_.streams;
}

std::string SubscribeRun::beyond_end() const {
  if (!options_.until_end || !reader_ || !reader_->core().at_end()) return "";
  std::optional<ReaderCore::Ahead> ahead = reader_->core().ahead();
  if (!ahead) return "";
  return "stream " + ahead->stream.brief() + " ends before offset " + std::to_string(ahead->head) +
         ", and --from " + std::to_string(ahead->from) +
         " is beyond that; without --until-end a subscriber waits for it";
}

/// Takes no more, and leaves once all is written.
void SubscribeRun::finish() {
  if (live_) live_->close();
  if (reader_ && output_.pending_bytes() == 0) {
    output_.commit();
    output_.take_settled();
  }
  if (reader_ && (output_.settled() || output_.closed())) reader_->leave();
  if (live_) say_gaps();
}

void SubscribeRun::on_delivery(Delivery delivery) {
  if (done_) return;
  if (delivery.trimmed) tell_trimmed(delivery);
  done_ = print_records(delivery);
  write_text();
  output_.put(std::move(delivery));
}

/// Returns whether these were as many as were asked for; then the delivery ends with the last of
/// them.
bool SubscribeRun::print_records(Delivery& delivery) {
  const std::string from = options_.format.payload_only() ? "" : delivery.stream.hex();
  text_.reserve(delivery.body.size());
  for (const store::RecordView& record :
       store::RecordBlock(delivery.body, delivery.first, delivery.next)) {
    if (options_.format.payload_only()) {
      text_ += record.payload;
      text_ += options_.delimiter;
      ++printed_;
    } else {
      print({.topic = record.topic,
             .payload = record.payload,
             .headers = headers_of(record),
             .from = from,
             .offset = record.offset,
             .epoch = record.epoch,
             .time = record.time});
    }
    if (printed_ != options_.count) continue;
    delivery.next = record.offset + 1;
    return true;
  }
  return false;
}

void SubscribeRun::print(const RecordText& record) {
  options_.format.append(text_, record);
  text_ += options_.delimiter;
  ++printed_;
}

void SubscribeRun::write_text() {
  if (!text_.empty()) output_.write(Bytes::take(std::exchange(text_, {})));
}

void SubscribeRun::on_message(const LiveArrival& arrival) {
  if (done_) return;
  const wire::live::Header* header = arrival.header;
  if (header != nullptr && options_.until_end) publishers_.insert(header->publisher);
  RecordText record{.topic = arrival.topic, .payload = arrival.payload};
  if (header != nullptr && !options_.format.payload_only()) {
    record.headers = header->headers;
    record.from = header->publisher.hex();
    record.epoch = header->epoch;
    record.seq = header->seq;
    if (header->time_ns != 0) record.time = header->time_ns;
  }
  print(record);
  if (text_.size() >= piece_bytes) write_text();
  if (printed_ == options_.count) {
    done_ = true;
    live_->pause();
  }
}

/// The live lane waits, and may lose messages, while nobody takes the output.
void SubscribeRun::pace_live() {
  bool pause = output_.pending_bytes() > (paused_ ? most_waiting / 2 : most_waiting);
  if (pause == paused_ || done_) return;
  paused_ = pause;
  if (pause) {
    live_->pause();
  } else {
    live_->resume();
  }
}

void SubscribeRun::on_gap(const LiveGap& gap) {
  if (options_.json) {
    print_event("gap", {{"topic", std::string(gap.topic)},
                        {"from", gap.publisher.hex()},
                        {"epoch", gap.epoch},
                        {"seq", std::uint64_t{gap.missing.first}},
                        {"count", std::uint64_t{gap.missing.count}}});
  }
  unsaid_[gap.publisher] += gap.missing.count;
  if (reactor_.now() - said_ >= say_period) say_gaps();
  // Few lines, however many gaps there are.
  if (!unsaid_.empty() && !saying_) {
    saying_ = reactor_.at(said_ + say_period, [this] {
      saying_.reset();
      say_gaps();
    });
  }
}

void SubscribeRun::say_gaps() {
  if (unsaid_.empty()) return;
  said_ = reactor_.now();
  for (const auto& [publisher, count] : std::exchange(unsaid_, {})) {
    log_warning(format_count(count) + " messages of publisher " + publisher.brief() +
                " are missing: this subscriber is too slow for the live lane; --stream waits for "
                "it, and so does a publisher with --on-full block");
  }
}

void SubscribeRun::on_ended(const Id& publisher) {
  publishers_.erase(publisher);
  ended_ = true;
}

void SubscribeRun::tell_trimmed(const Delivery& delivery) {
  log_warning("trimmed: " + std::to_string(delivery.first) + ".." +
              std::to_string(delivery.next - 1) + " of stream " + delivery.stream.brief() +
              " are not in the publisher's log any more");
  if (!options_.json) return;
  print_event("trimmed", {{"from", delivery.stream.hex()},
                          {"epoch", delivery.epoch},
                          {"offset", delivery.first},
                          {"count", delivery.next - delivery.first}});
}

void SubscribeRun::print_event(const char* event,
                               std::vector<std::pair<std::string, wire::JsonValue>> fields) {
  wire::JsonRecord line{.fields = {{"event", std::string(event)}}};
  for (auto& field : fields) line.fields.push_back(std::move(field));
  text_ += wire::format_json_line(line);
  text_ += options_.delimiter;
}

}  // namespace shoal::stream
