#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <shoal/base/id.hpp>
#include <shoal/base/seq_set.hpp>
#include <shoal/wire/live_frames.hpp>

/// The numbers of live messages (PROTOCOL.md, LIVE-2 and LIVE-3): given on the one side, counted on
/// the other. No I/O and no clock.
namespace shoal::stream {

/// Hashes topics without making a string of them.
struct TopicHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view topic) const noexcept {
    return std::hash<std::string_view>{}(topic);
  }
};

/// The publisher's side: numbers its messages, topic by topic, and knows which topics have moved
/// since they were last marked.
class LiveNumbers {
 public:
  static constexpr std::size_t default_topics = 65'536;

  explicit LiveNumbers(std::size_t most_topics = default_topics) : most_topics_(most_topics) {}

  /// Whether `topic` is one too many: then mark what has moved, start_over() in a new epoch.
  bool is_full_for(std::string_view topic) const;
  void start_over();

  /// The number of the next message of `topic`, for which there is room.
  std::uint64_t next(std::string_view topic);

  /// The next numbers of the topics that have moved since the last mark(), and of all.
  std::vector<wire::live::Total> moved() const;
  std::vector<wire::live::Total> all() const;
  void mark();

 private:
  struct Topic {
    std::uint64_t next = 0;
    bool moved = false;
  };
  using Topics = std::unordered_map<std::string, Topic, TopicHash, std::equal_to<>>;

  std::size_t most_topics_;
  Topics topics_;
  std::vector<Topics::pointer> moved_;
};

/// What became of one numbered message.
struct Counted {
  bool repeated = false;  ///< came before, or has been counted as missing
  SeqRange missing;       ///< what is missing before it; count 0: nothing
};

/// The subscriber's side: what is missing of each topic of each publisher. What it has not seen
/// before is no gap, because the subscriber may have joined later. Remembers a bounded number of
/// topics: those that have been heard of least recently are forgotten, and are new when they come
/// again.
class LiveGaps {
 public:
  static constexpr std::size_t default_topics = 65'536;

  explicit LiveGaps(std::size_t most_topics = default_topics) : most_topics_(most_topics) {}

  /// A message with number `seq` came.
  Counted on_message(const Id& publisher, std::uint64_t epoch, std::string_view topic,
                     std::uint64_t seq);

  /// A mark says that number `next` comes next. Returns what is missing.
  SeqRange on_mark(const Id& publisher, std::uint64_t epoch, std::string_view topic,
                   std::uint64_t next);

  std::uint64_t missing() const noexcept { return missing_; }    ///< all told
  std::uint64_t repeated() const noexcept { return repeated_; }  ///< all told

 private:
  struct KeyView {
    const Id& publisher;
    std::uint64_t epoch;
    std::string_view topic;
  };
  struct Key {
    Id publisher;
    std::uint64_t epoch;
    std::string topic;
    operator KeyView() const noexcept { return {publisher, epoch, topic}; }
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(const KeyView& key) const noexcept;
  };
  struct Equal {
    using is_transparent = void;
    bool operator()(const KeyView& a, const KeyView& b) const noexcept {
      return a.topic == b.topic && a.epoch == b.epoch && a.publisher == b.publisher;
    }
  };
  using Nexts = std::unordered_map<Key, std::uint64_t, Hash, Equal>;

  std::uint64_t* find(const KeyView& key);
  void add(const KeyView& key, std::uint64_t next);
  SeqRange advance(std::uint64_t& next, std::uint64_t to);

  std::size_t most_topics_;
  Nexts recent_;  // heard of since it was last moved to older_
  Nexts older_;
  std::uint64_t missing_ = 0;
  std::uint64_t repeated_ = 0;
};

}  // namespace shoal::stream
