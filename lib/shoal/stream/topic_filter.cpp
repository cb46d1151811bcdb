#include <algorithm>

#include <shoal/base/utf8.hpp>
#include <shoal/stream/topic_filter.hpp>

namespace shoal::stream {
namespace {

constexpr std::size_t nowhere = std::string_view::npos;

bool has_control_characters(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char letter) {
    auto octet = static_cast<unsigned char>(letter);
    return octet < 0x20 || octet == 0x7f;
  });
}

std::string text_fault(std::string_view text) {
  if (text.size() > most_topic) {
    return "it has " + std::to_string(text.size()) + " octets, and " + std::to_string(most_topic) +
           " is the most";
  }
  return has_control_characters(text) ? "it has control characters" : "";
}

std::string pattern_fault(std::string_view pattern) {
  if (std::string fault = topic_fault(pattern); !fault.empty()) return fault;
  for (std::size_t at = 0; at <= pattern.size();) {
    std::size_t stop = std::min(pattern.find('.', at), pattern.size());
    std::string_view word = pattern.substr(at, stop - at);
    if (word.size() > 1 && word.find_first_of("*#") != nowhere) {
      return "'*' and '#' stand for whole words between dots; for all topics that begin alike use "
             "--prefix";
    }
    at = stop + 1;
  }
  return "";
}

}  // namespace

std::string topic_fault(std::string_view topic) {
  if (std::string fault = text_fault(topic); !fault.empty()) return fault;
  return is_utf8(topic) ? "" : "it is not UTF-8";
}

Result<TopicFilter> TopicFilter::make(const Topics& topics) {
  if (topics.patterns.size() > most_patterns) {
    return Failure{std::to_string(topics.patterns.size()) + " patterns are too many; " +
                   std::to_string(most_patterns) + " is the most"};
  }
  TopicFilter filter;
  filter.all_ = topics.patterns.empty();
  for (const std::string& pattern : topics.patterns) {
    std::string fault = topics.prefix ? text_fault(pattern) : pattern_fault(pattern);
    if (!fault.empty()) {
      return Failure{"the pattern '" + printable(pattern) + "' cannot be used: " + fault};
    }
    bool everything = topics.prefix ? pattern.empty() : pattern == "#";
    filter.all_ = filter.all_ || everything;
    if (topics.prefix) {
      filter.prefixes_.push_back(pattern);
    } else {
      filter.add(pattern);
    }
  }
  return filter;
}

void TopicFilter::add(const std::string& text) {
  if (text.find_first_of("*#") == nowhere) {
    topics_.insert(text);
    return;
  }
  Pattern pattern;
  for (std::size_t at = 0; at <= text.size();) {
    std::size_t stop = std::min(text.find('.', at), text.size());
    std::string word = text.substr(at, stop - at);
    Word::Kind kind = word == "*"   ? Word::Kind::one
                      : word == "#" ? Word::Kind::any_number
                                    : Word::Kind::literal;
    pattern.push_back({kind, std::move(word)});
    at = stop + 1;
  }
  patterns_.push_back(std::move(pattern));
}

bool TopicFilter::matches(std::string_view topic) const noexcept {
  if (all_) return true;
  if (topics_.contains(topic)) return true;
  for (const std::string& prefix : prefixes_) {
    if (topic.starts_with(prefix)) return true;
  }
  return std::any_of(patterns_.begin(), patterns_.end(),
                     [&](const Pattern& pattern) { return matches(pattern, topic); });
}

/// As wildcards in file names are matched, with words for letters: a `#` takes as few words as will
/// do, and one more each time that what follows it does not fit. Only the last `#` met is ever
/// tried again, so the time is at most the product of both lengths.
bool TopicFilter::matches(const Pattern& pattern, std::string_view topic) noexcept {
  const std::size_t end = topic.size() + 1;
  auto after_word = [&](std::size_t at) { return std::min(topic.find('.', at), topic.size()) + 1; };
  std::size_t at = 0;    // where the topic's current word begins
  std::size_t next = 0;  // in the pattern
  std::size_t last_any = nowhere;
  std::size_t retry = 0;  // where the word behind those that the last `#` takes begins
  while (at < end) {
    std::size_t behind = after_word(at);
    const Word* word = next < pattern.size() ? &pattern[next] : nullptr;
    bool fits =
        word != nullptr && (word->kind == Word::Kind::one ||
                            (word->kind == Word::Kind::literal &&
                             topic.substr(at, behind - 1 - at) == std::string_view(word->text)));
    if (word != nullptr && word->kind == Word::Kind::any_number) {
      last_any = next++;
      retry = at;
    } else if (fits) {
      ++next;
      at = behind;
    } else if (last_any != nowhere) {
      next = last_any + 1;
      at = retry = after_word(retry);
    } else {
      return false;
    }
  }
  return std::all_of(pattern.begin() + static_cast<std::ptrdiff_t>(next), pattern.end(),
                     [](const Word& word) { return word.kind == Word::Kind::any_number; });
}

}  // namespace shoal::stream
