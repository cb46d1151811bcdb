#include <algorithm>

#include <shoal/base/error.hpp>
#include <shoal/stream/live_subscriber.hpp>

namespace shoal::stream {
namespace {

constexpr int most_a_turn = 1000;

TopicFilter make_filter(const Topics& topics) {
  Result<TopicFilter> filter = TopicFilter::make(topics);
  if (!filter) throw Error(filter.reason(), ExitCode::usage);
  return *std::move(filter);
}

/// What all topics begin with that `pattern`, words between dots, matches.
std::string literal_prefix(const std::string& pattern) {
  for (std::size_t at = 0; at < pattern.size();) {
    std::size_t dot = std::min(pattern.find('.', at), pattern.size());
    std::string_view word = std::string_view(pattern).substr(at, dot - at);
    if (word == "*") return pattern.substr(0, at);
    // No word at all may stand for it, and then no dot before it either.
    if (word == "#") return pattern.substr(0, at == 0 ? 0 : at - 1);
    at = dot + 1;
  }
  return pattern;
}

}  // namespace

std::vector<std::string> live_prefixes(const Topics& topics) {
  if (topics.patterns.empty()) return {""};
  std::vector<std::string> all;
  for (const std::string& pattern : topics.patterns) {
    all.push_back(topics.prefix ? pattern : literal_prefix(pattern));
  }
  std::ranges::sort(all);
  std::vector<std::string> needed;
  for (std::string& prefix : all) {
    if (needed.empty() || !prefix.starts_with(needed.back())) needed.push_back(std::move(prefix));
  }
  return needed;
}

LiveSubscriber::LiveSubscriber(net::Context& context, runtime::Reactor& reactor,
                               LiveSubscriberOptions options, LiveEvents events)
    : filter_(make_filter(options.topics)),
      events_(std::move(events)),
      gaps_(options.most_topics),
      socket_(context, reactor, std::move(options.socket), [this] { return take(); }) {
  for (const std::string& prefix : live_prefixes(options.topics)) socket_.subscribe(prefix);
  socket_.subscribe(std::string(wire::live::mark_topic));
}

void LiveSubscriber::resume() {
  paused_ = false;
  socket_.touch();
}

void LiveSubscriber::close() {
  paused_ = true;
  socket_.close();
}

bool LiveSubscriber::take() {
  int taken = 0;
  for (; taken < most_a_turn && !paused_ && socket_.receive(message_); ++taken) {
    if (message_.topic == wire::live::mark_topic) {
      on_mark();
    } else if (filter_.matches(message_.topic)) {
      on_message();
    }
  }
  return taken > 0;
}

void LiveSubscriber::on_message() {
  std::optional<wire::live::Header> header;
  if (!message_.header.empty()) header = wire::live::decode_header(message_.header);
  if (header && header->seq && message_.topic.size() <= wire::live::most_topic_bytes) {
    Counted counted =
        gaps_.on_message(header->publisher, header->epoch, message_.topic, *header->seq);
    if (counted.repeated) return;
    tell(*header, message_.topic, counted.missing);
  } else {
    header.reset();
    ++unnumbered_;
  }
  ++received_;
  events_.message({.topic = message_.topic,
                   .payload = std::move(message_.payload),
                   .header = header ? &*header : nullptr});
}

void LiveSubscriber::on_mark() {
  std::optional<wire::live::Header> header = wire::live::decode_header(message_.header);
  auto totals = wire::live::decode_totals(message_.payload);
  if (!header || !totals) return;
  for (const wire::live::Total& total : *totals) {
    if (!filter_.matches(total.topic)) continue;
    tell(*header, total.topic,
         gaps_.on_mark(header->publisher, header->epoch, total.topic, total.next));
  }
  if (!header->ends) return;
  socket_.answer(std::string(wire::live::mark_topic));
  if (events_.ended) events_.ended(header->publisher);
}

void LiveSubscriber::tell(const wire::live::Header& header, std::string_view topic,
                          SeqRange missing) {
  if (missing.count == 0) return;
  events_.gap(
      {.publisher = header.publisher, .epoch = header.epoch, .topic = topic, .missing = missing});
}

}  // namespace shoal::stream
