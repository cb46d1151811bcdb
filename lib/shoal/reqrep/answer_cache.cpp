#include <shoal/reqrep/answer_cache.hpp>

namespace shoal::reqrep {
namespace {

// What an answer takes beside its bytes.
constexpr std::uint64_t overhead = 256;

}  // namespace

void AnswerCache::keep(const wire::reqrep::Reply& reply, std::uint64_t body_hash, Time now) {
  if (!enabled() || index_.contains(reply.id)) return;
  Entry entry{.reply = reply, .body_hash = body_hash, .until = now + keep_};
  if (weight(entry) > most_bytes_) return;
  entry.reply.output = Bytes::copy(reply.output);
  entry.reply.error = Bytes::copy(reply.error);
  bytes_ += weight(entry);
  entries_.push_back(std::move(entry));
  index_.emplace(reply.id, std::prev(entries_.end()));
  while (bytes_ > most_bytes_) drop_oldest();
}

const AnswerCache::Entry* AnswerCache::find(const Id& id) const {
  if (entries_.empty()) return nullptr;
  auto found = index_.find(id);
  return found == index_.end() ? nullptr : &*found->second;
}

void AnswerCache::tick(Time now) {
  while (next_tick() <= now) drop_oldest();
}

std::uint64_t AnswerCache::weight(const Entry& entry) {
  return entry.reply.output.size() + entry.reply.error.size() + overhead;
}

void AnswerCache::drop_oldest() {
  bytes_ -= weight(entries_.front());
  index_.erase(entries_.front().reply.id);
  entries_.pop_front();
}

}  // namespace shoal::reqrep
