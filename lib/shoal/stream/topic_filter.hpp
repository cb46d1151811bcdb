#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <shoal/base/result.hpp>
#include <shoal/wire/stream_messages.hpp>

namespace shoal::stream {

using wire::stream::Topics;

/// Octets of a topic, and of a pattern.
inline constexpr std::size_t most_topic = 255;
inline constexpr std::size_t most_patterns = 256;

/// Why `topic` cannot be one, for people: too long, control characters, not UTF-8. Empty when it
/// can. The empty topic can.
std::string topic_fault(std::string_view topic);

/// Which topics a reading wants (PROTOCOL.md, STR-9), compiled once. A topic is words between dots,
/// at least one, which may be empty; a pattern matches the whole of it: `*` one word, `#` any
/// number of them. Copies are independent.
class TopicFilter {
 public:
  /// Every topic.
  TopicFilter() = default;

  /// Fails with a line for people when a pattern can match nothing or means something else than it
  /// says: too long, control characters, a `*` or `#` that is not a word of its own.
  static Result<TopicFilter> make(const Topics& topics);

  /// Whether it wants every topic.
  bool all() const noexcept { return all_; }

  /// Never allocates.
  bool matches(std::string_view topic) const noexcept;

 private:
  struct Word {
    enum class Kind : unsigned char { literal, one, any_number };
    Kind kind = Kind::literal;
    std::string text{};
  };
  using Pattern = std::vector<Word>;

  static bool matches(const Pattern& pattern, std::string_view topic) noexcept;
  void add(const std::string& pattern);

  bool all_ = true;
  std::vector<std::string> prefixes_;
  std::set<std::string, std::less<>> topics_;  // patterns without wildcards
  std::vector<Pattern> patterns_;
};

}  // namespace shoal::stream
