#include <doctest/doctest.h>

#include <shoal/stream/live_subscriber.hpp>

using namespace shoal::stream;

TEST_CASE("live prefixes: what is asked for covers every topic that is wanted, and little more") {
  using List = std::vector<std::string>;
  auto of = [](List patterns) { return live_prefixes({.patterns = std::move(patterns)}); };
  CHECK(of({}) == List{""});
  CHECK(of({"a.b"}) == List{"a.b"});
  CHECK(of({"a.*"}) == List{"a."});
  CHECK(of({"a.#"}) == List{"a"});
  CHECK(of({"a.*.c"}) == List{"a."});
  CHECK(of({"a..b"}) == List{"a..b"});
  CHECK(of({"a.b.#.c"}) == List{"a.b"});
  CHECK(of({"#"}) == List{""});
  CHECK(of({"#.a"}) == List{""});
  CHECK(of({"*.a"}) == List{""});
  CHECK(of({""}) == List{""});
  CHECK(of({"b", "a.x", "a.#", "b"}) == List{"a", "b"});
  CHECK(live_prefixes({.patterns = {"a.#", "b*"}, .prefix = true}) == List{"a.#", "b*"});
}

TEST_CASE("live prefixes: whatever a pattern matches begins with one of them") {
  const std::vector<std::string> words{"", "a", "b", "ab", "*", "#"};
  const std::vector<std::string> plain{"", "a", "b", "ab"};
  for (const std::string& one : words) {
    for (const std::string& two : words) {
      for (const std::string& three : words) {
        Topics topics{.patterns = {one + "." + two + "." + three}};
        auto filter = TopicFilter::make(topics);
        if (!filter) continue;
        std::string prefix = live_prefixes(topics).at(0);
        for (const std::string& a : plain) {
          for (const std::string& b : plain) {
            for (const std::string& topic : {a, a + "." + b, a + "." + b + ".a"}) {
              if (filter->matches(topic)) CHECK(topic.starts_with(prefix));
            }
          }
        }
      }
    }
  }
}
