#pragma once

#include <cstdint>
#include <list>
#include <unordered_map>

#include <shoal/base/clock.hpp>
#include <shoal/base/id.hpp>
#include <shoal/wire/reqrep_messages.hpp>

namespace shoal::reqrep {

/// Answers that are kept for repeated ids (PROTOCOL.md, REQ-5), for a time and within a number of
/// bytes; the oldest go first.
class AnswerCache {
 public:
  struct Entry {
    wire::reqrep::Reply reply;
    std::uint64_t body_hash = 0;
    Time until{};
  };

  AnswerCache(Duration keep, std::uint64_t most_bytes) : keep_(keep), most_bytes_(most_bytes) {}

  bool enabled() const { return keep_ > Duration(0); }

  /// Keeps a copy of the answer, whose bytes may be a piece of something much larger. An id that is
  /// kept already stays as it is.
  void keep(const wire::reqrep::Reply& reply, std::uint64_t body_hash, Time now);

  const Entry* find(const Id& id) const;

  /// Drops what is too old.
  void tick(Time now);
  Time next_tick() const { return entries_.empty() ? never : entries_.front().until; }

 private:
  using Entries = std::list<Entry>;  // oldest first

  static std::uint64_t weight(const Entry& entry);
  void drop_oldest();

  Duration keep_;
  std::uint64_t most_bytes_;
  std::uint64_t bytes_ = 0;
  Entries entries_;
  std::unordered_map<Id, Entries::iterator> index_;
};

}  // namespace shoal::reqrep
