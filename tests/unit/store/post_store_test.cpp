#include <shoal/store/post_store.hpp>

#include "support.hpp"

using namespace shoal;
using namespace shoal::store;
using namespace store_test;

namespace {

std::vector<PostRow> all(PostStore& store) {
  std::vector<PostRow> rows;
  store.load([&](PostRow row) { rows.push_back(std::move(row)); });
  return rows;
}

}  // namespace

TEST_CASE("post store: keeps what was committed, each author's in order") {
  TempDir dir;
  Id author = Id::random();
  {
    PostStore store(dir / "posts", 100);
    for (std::uint64_t seq : {2, 0, 1}) {
      store.add({.author = author, .seq = seq, .clock = 7 + seq, .head = "h", .body = "b"});
    }
    store.add({.author = author, .seq = 1, .clock = 99, .head = "another", .body = ""});
    store.commit();
    store.add({.author = author, .seq = 3, .clock = 10, .head = "lost", .body = ""});
  }
  PostStore store(dir / "posts", 100);
  std::vector<PostRow> rows = all(store);
  REQUIRE(rows.size() == 3);
  for (std::uint64_t seq = 0; seq < 3; ++seq) {
    CHECK(rows[seq].author == author);
    CHECK(rows[seq].seq == seq);
    CHECK(rows[seq].clock == 7 + seq);
    CHECK(rows[seq].head == "h");
  }
}

TEST_CASE("post store: the oldest go when there are too many") {
  TempDir dir;
  PostStore store(dir / "posts", 160);
  Id author = Id::random();
  for (std::uint64_t seq = 0; seq < 1000; ++seq) {
    store.add({.author = author, .seq = seq, .clock = seq, .head = "", .body = ""});
    if (seq % 7 == 0) store.commit();
  }
  store.commit();
  std::vector<PostRow> rows = all(store);
  CHECK(rows.size() >= 160);
  CHECK(rows.size() < 160 + 20);
  CHECK(rows.back().seq == 999);
}

TEST_CASE("post store: one wrong bit is told, or changes nothing") {
  TempDir dir;
  {
    PostStore store(dir / "posts", 100);
    for (std::uint64_t seq = 0; seq < 3; ++seq) {
      store.add({.author = Id::of_name("author"),
                 .seq = seq,
                 .clock = 7 + seq,
                 .head = "head",
                 .body = "a body"});
    }
    store.commit();
  }
  const std::string whole = read_file(dir / "posts");
  auto contents = [&] {
    PostStore store(dir / "posts", 100);
    std::string text;
    for (const PostRow& row : all(store)) {
      text += row.author.hex() + std::to_string(row.seq) + std::to_string(row.clock) + row.head +
              row.body;
    }
    return text;
  };
  const std::string right = contents();
  std::size_t wrong = 0;
  for (std::size_t at = 0; at < whole.size(); ++at) {
    if (whole[at] == 0) continue;
    std::string bad = whole;
    bad[at] = static_cast<char>(bad[at] ^ (1 << at % 8));
    write_file(dir / "posts", bad);
    error_of([&] { wrong += contents() == right ? 0 : 1; });
  }
  CHECK(wrong == 0);
}
