#include <algorithm>
#include <cstring>

#include <shoal/base/assert.hpp>
#include <shoal/stream/live_counter.hpp>

namespace shoal::stream {

bool LiveNumbers::is_full_for(std::string_view topic) const {
  return topics_.size() >= most_topics_ && topics_.find(topic) == topics_.end();
}

void LiveNumbers::start_over() {
  moved_.clear();
  topics_.clear();
}

std::uint64_t LiveNumbers::next(std::string_view topic) {
  auto found = topics_.find(topic);
  if (found == topics_.end()) {
    SHOAL_ASSERT(topics_.size() < most_topics_);
    found = topics_.emplace(topic, Topic{}).first;
  }
  Topic& counted = found->second;
  if (!counted.moved) moved_.push_back(&*found);
  counted.moved = true;
  return counted.next++;
}

std::vector<wire::live::Total> LiveNumbers::moved() const {
  std::vector<wire::live::Total> totals;
  totals.reserve(moved_.size());
  for (auto* topic : moved_) totals.push_back({.topic = topic->first, .next = topic->second.next});
  return totals;
}

std::vector<wire::live::Total> LiveNumbers::all() const {
  std::vector<wire::live::Total> totals;
  totals.reserve(topics_.size());
  for (auto& [topic, counted] : topics_) totals.push_back({.topic = topic, .next = counted.next});
  return totals;
}

void LiveNumbers::mark() {
  for (auto* topic : moved_) topic->second.moved = false;
  moved_.clear();
}

std::size_t LiveGaps::Hash::operator()(const KeyView& key) const noexcept {
  std::size_t random = 0;  // an id is random, so a part of it is as good as its hash
  std::memcpy(&random, key.publisher.bytes().data(), sizeof random);
  return random ^ (TopicHash{}(key.topic) + 31 * key.epoch);
}

Counted LiveGaps::on_message(const Id& publisher, std::uint64_t epoch, std::string_view topic,
                             std::uint64_t seq) {
  const KeyView key{publisher, epoch, topic};
  std::uint64_t* next = find(key);
  if (next == nullptr) {
    add(key, seq + 1);
    return {};
  }
  if (seq < *next) {
    ++repeated_;
    return {.repeated = true, .missing = {}};
  }
  SeqRange missing = advance(*next, seq);
  ++*next;
  return {.repeated = false, .missing = missing};
}

SeqRange LiveGaps::on_mark(const Id& publisher, std::uint64_t epoch, std::string_view topic,
                           std::uint64_t next) {
  const KeyView key{publisher, epoch, topic};
  std::uint64_t* known = find(key);
  if (known != nullptr) return advance(*known, std::max(next, *known));
  add(key, next);
  return {};
}

SeqRange LiveGaps::advance(std::uint64_t& next, std::uint64_t to) {
  SeqRange missing{.first = next, .count = to - next};
  missing_ += missing.count;
  next = to;
  return missing;
}

std::uint64_t* LiveGaps::find(const KeyView& key) {
  auto found = recent_.find(key);
  if (found != recent_.end()) return &found->second;
  found = older_.find(key);
  if (found == older_.end()) return nullptr;
  std::uint64_t next = found->second;
  older_.erase(found);
  add(key, next);
  return &recent_.find(key)->second;
}

void LiveGaps::add(const KeyView& key, std::uint64_t next) {
  if (recent_.size() >= std::max<std::size_t>(most_topics_ / 2, 1)) {
    older_ = std::exchange(recent_, {});
  }
  recent_.emplace(Key{key.publisher, key.epoch, std::string(key.topic)}, next);
}

}  // namespace shoal::stream
