#include <shoal/store/reply_store.hpp>

#include "support.hpp"

using namespace shoal;
using namespace shoal::store;
using namespace store_test;

TEST_CASE("reply store: keeps the last reply to each body across a restart") {
  TempDir dir;
  Id node = Id::random();
  {
    ReplyStore store(dir / "replies", 1UL << 20);
    store.keep("question", {.from = node, .output = "old"}, 1000);
    store.keep("question", {.from = node, .output = std::string("new\0", 4)}, 2000);
    store.keep("", {.from = node, .output = ""}, 2000);
    store.commit();
    store.keep("not committed", {.from = node, .output = "lost"}, 2000);
  }
  ReplyStore store(dir / "replies", 1UL << 20);
  std::optional<KeptReply> found = store.find("question", 2000);
  REQUIRE(found);
  CHECK(found->from == node);
  CHECK(found->output == std::string("new\0", 4));
  CHECK(store.find("", 0)->output.empty());
  CHECK_FALSE(store.find("question", 2001));
  CHECK_FALSE(store.find("another question", 0));
  CHECK_FALSE(store.find("not committed", 0));
}

TEST_CASE("reply store: the oldest goes when there is too much") {
  TempDir dir;
  {
    ReplyStore store(dir / "replies", 10'000);
    for (std::uint64_t i = 0; i < 100; ++i) {
      store.keep(std::to_string(i), {.from = {}, .output = std::string(936, 'x')}, 1000 + i);
    }
    store.keep("huge", {.from = {}, .output = std::string(10'000, 'x')}, 5000);
    CHECK_FALSE(store.find("huge", 0));
    CHECK_FALSE(store.find("89", 0));
    CHECK(store.find("90", 0));
    store.commit();
  }
  ReplyStore store(dir / "replies", 5000);
  store.keep("one more", {.from = {}, .output = "small"}, 4000);
  CHECK(store.find("one more", 0));
  CHECK_FALSE(store.find("95", 0));
  CHECK(store.find("99", 0));
}

TEST_CASE("reply store: another file is refused and stays as it was") {
  TempDir dir;
  std::string text(4096, 'x');
  write_file(dir / "replies", text);
  CHECK_THROWS_AS(ReplyStore(dir / "replies", 1000), Error);
  CHECK(read_file(dir / "replies") == text);
}
