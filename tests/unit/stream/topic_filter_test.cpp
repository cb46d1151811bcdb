#include <random>
#include <span>

#include <doctest/doctest.h>

#include <shoal/stream/topic_filter.hpp>

using namespace shoal;
using stream::TopicFilter;
using stream::Topics;

namespace {

bool wants(const std::string& pattern, std::string_view topic, bool prefix = false) {
  Result<TopicFilter> filter = TopicFilter::make({.patterns = {pattern}, .prefix = prefix});
  REQUIRE(filter);
  return filter->matches(topic);
}

std::string refusal(std::vector<std::string> patterns, bool prefix = false) {
  Result<TopicFilter> filter =
      TopicFilter::make({.patterns = std::move(patterns), .prefix = prefix});
  return filter ? "" : filter.reason();
}

std::vector<std::string> words_of(const std::string& text) {
  std::vector<std::string> words{""};
  for (char letter : text) {
    if (letter == '.') {
      words.emplace_back();
    } else {
      words.back() += letter;
    }
  }
  return words;
}

// STR-9 word for word, and slow.
bool means(std::span<const std::string> pattern, std::span<const std::string> topic) {
  if (pattern.empty()) return topic.empty();
  auto rest = pattern.subspan(1);
  if (pattern[0] == "#") {
    for (std::size_t taken = 0; taken <= topic.size(); ++taken) {
      if (means(rest, topic.subspan(taken))) return true;
    }
    return false;
  }
  if (topic.empty()) return false;
  return (pattern[0] == "*" || pattern[0] == topic[0]) && means(rest, topic.subspan(1));
}

}  // namespace

TEST_CASE("topic filter: STR-9, what patterns of words match") {
  struct Row {
    const char* pattern;
    const char* topic;
    bool matches;
  };
  const Row rows[] = {
      {"a", "a", true},
      {"a", "b", false},
      {"a", "a.b", false},
      {"a", "", false},
      {"a.b", "a.b", true},
      {"*", "a", true},
      {"*", "a.b", false},
      {"*", "", true},
      {"a.*", "a.b", true},
      {"a.*", "a", false},
      {"a.*", "a.", true},
      {"a.*", "a.b.c", false},
      {"*.b", "a.b", true},
      {"*.b", "a.c", false},
      {"#", "", true},
      {"#", "a.b.c", true},
      {"a.#", "a", true},
      {"a.#", "a.b.c", true},
      {"a.#", "ab", false},
      {"#.a", "a", true},
      {"#.a", "b.c.a", true},
      {"#.a", "a.b", false},
      {"a.#.z", "a.z", true},
      {"a.#.z", "a.b.c.z", true},
      {"a.#.z", "a.b", false},
      {"a.#.z", "az", false},
      {"#.b.*", "b.b.c", true},
      {"#.b.*", "b.c.d", false},
      {"#.b.#.c", "b.c.b.c", true},
      {"*.#", "", true},
      {"*.*", "a", false},
      {"a..b", "a..b", true},
      {"a.*.b", "a..b", true},
  };
  for (const Row& row : rows) {
    CAPTURE(row.pattern);
    CAPTURE(row.topic);
    CHECK(wants(row.pattern, row.topic) == row.matches);
  }
}

TEST_CASE("topic filter: STR-9, prefixes are bare: dots and wildcards mean themselves") {
  CHECK(wants("a", "ab", true));
  CHECK(wants("", "anything", true));
  CHECK(wants("a.*", "a.*b", true));
  CHECK_FALSE(wants("a.*", "a.b", true));
  CHECK_FALSE(wants("abc", "ab", true));
}

TEST_CASE("topic filter: no patterns want everything, several what any of them does") {
  CHECK(TopicFilter().matches("x"));
  CHECK(TopicFilter::make({})->all());
  CHECK(TopicFilter::make({.patterns = {"a", "#"}})->all());
  Result<TopicFilter> two = TopicFilter::make({.patterns = {"a.*", "b", "c"}});
  REQUIRE(two);
  CHECK(two->matches("a.x"));
  CHECK(two->matches("b"));
  CHECK(two->matches("c"));
  CHECK_FALSE(two->matches("a"));
  CHECK_FALSE(two->all());
}

TEST_CASE("topic filter: STR-9, random patterns match as the clause reads") {
  std::mt19937_64 random(7);
  const char* const pattern_words[] = {"a", "b", "*", "#", "#", ""};
  const char* const topic_words[] = {"a", "b", "c", ""};
  auto text = [&](const auto& words, std::size_t most) {
    std::string out = words[random() % std::size(words)];
    for (std::size_t more = random() % most; more > 0; --more)
      out += std::string(".") + words[random() % std::size(words)];
    return out;
  };
  int matched = 0;
  for (int i = 0; i < 50'000; ++i) {
    std::string pattern = text(pattern_words, 6);
    std::string topic = text(topic_words, 8);
    bool expected = means(words_of(pattern), words_of(topic));
    matched += expected ? 1 : 0;
    if (wants(pattern, topic) == expected) continue;
    CAPTURE(pattern);
    CAPTURE(topic);
    CHECK(wants(pattern, topic) == expected);
  }
  CHECK(matched > 5'000);
  CHECK(matched < 45'000);
}

TEST_CASE("topic filter: a pattern made to take long does not") {
  std::string pattern = "#";
  for (int i = 0; i < 60; ++i) pattern += ".a.#";
  pattern += ".b";
  std::string topic = "a";
  for (int i = 0; i < 126; ++i) topic += ".a";
  for (int i = 0; i < 1000; ++i) REQUIRE_FALSE(wants(pattern, topic));
}

TEST_CASE("topic filter: patterns that cannot be meant are refused with a reason") {
  CHECK(refusal({"a.b", "*.#", ""}) == "");
  CHECK(refusal({"a\nb"}).find("'a\\nb' cannot be used: it has control characters") !=
        std::string::npos);
  CHECK(refusal({"a.b*"}).find("whole words") != std::string::npos);
  CHECK(refusal({"##"}).find("whole words") != std::string::npos);
  CHECK(refusal({"a*"}, true) == "");
  CHECK(refusal({std::string(255, 'a')}) == "");
  CHECK(refusal({std::string(256, 'a')}).find("256 octets") != std::string::npos);
  CHECK(refusal({std::string(256, 'a')}, true).find("256 octets") != std::string::npos);
  CHECK(refusal({"\xff"}).find("not UTF-8") != std::string::npos);
  CHECK(refusal({"\xc3"}, true) == "");
  CHECK(refusal(std::vector<std::string>(256, "a")) == "");
  CHECK(refusal(std::vector<std::string>(257, "a")).find("too many") != std::string::npos);
}

TEST_CASE("topics: what cannot be one") {
  CHECK(stream::topic_fault("orders.eu") == "");
  CHECK(stream::topic_fault("") == "");
  CHECK(stream::topic_fault("*") == "");
  CHECK(stream::topic_fault("a\tb") != "");
  CHECK(stream::topic_fault(std::string("\0shoal", 6)) != "");
  CHECK(stream::topic_fault("\x7f") != "");
  CHECK(stream::topic_fault(std::string(256, 'a')) != "");
  CHECK(stream::topic_fault("\xfe") != "");
}
