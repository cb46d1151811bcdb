#include <set>

#include <doctest/doctest.h>
#include <msgpack.hpp>

#include <shoal/wire/pipeline_messages.hpp>

#include "hostile_messages.hpp"

using namespace shoal;
using namespace shoal::test;
using namespace shoal::wire;
using namespace shoal::wire::pipeline;

namespace {

SeqSet set_of(SeqRange range) {
  SeqSet set;
  set.insert(range);
  return set;
}

Batch three_lines() {
  Batch batch{.range = {7, 3}};
  batch.payload = Bytes::copy("a\nb\nc\n");
  return batch;
}

std::vector<Any> examples() {
  Id job = Id::of_name("job");
  std::vector<Id> sinks{Id::of_name("a"), Id::of_name("b")};
  Batch sized{.range = {0, 2}, .framing = Framing::sized, .sizes = {1, 2}};
  sized.payload = Bytes::copy("xyy");
  return {
      Job{.job = job,
          .name = "n",
          .revision = 3,
          .lease = std::chrono::seconds(30),
          .sinks = sinks,
          .total = 9,
          .over = true,
          .stopped = true,
          .confirmed = true,
          .done = 8,
          .failed = 1},
      Tasks{.job = job, .number = 5, .attempt = 2, .batch = three_lines()},
      Letter{.job = job,
             .name = "n",
             .number = 6,
             .seq = 4,
             .attempts = 3,
             .status = "exit code 1",
             .error = std::string("bad\xff"),
             .sinks = sinks,
             .payload = Bytes::copy("task")},
      Recall{},
      Credit{.revision = 1,
             .tasks = 10,
             .bytes = 1000,
             .batch = 4,
             .sinks = sinks,
             .volatiles = {sinks[0]},
             .all_sinks = true,
             .leaving = true},
      Renew{set_of({3, 4})},
      Kept{.job = job, .done = set_of({0, 5}), .failed = set_of({6, 1}), .refused = set_of({9, 1})},
      Failed{.number = 2, .range = {1, 2}, .status = "signal", .error = "e", .sure = true},
      Return{.number = 2, .tasks = set_of({1, 2})},
      Ran{.number = 2, .tasks = set_of({1, 2})},
      Results{.job = job, .name = "n", .attempt = 1, .sinks = sinks, .total = 3, .batch = sized},
      Close{.job = job,
            .name = "n",
            .total = 3,
            .done = 2,
            .failed = 1,
            .stopped = true,
            .sinks = sinks},
      Closed{job, sinks[1]}};
}

std::string with_type(const char* type) {
  msgpack::sbuffer buffer;
  msgpack::packer<msgpack::sbuffer> packer(buffer);
  packer.pack_map(1);
  packer.pack(std::string("type"));
  packer.pack(std::string(type));
  return {buffer.data(), buffer.size()};
}

}  // namespace

TEST_CASE("pipeline messages: every one reads back as it was written") {
  for (const Any& example : examples()) {
    Message message = encode(example);
    Result<Any> back = decode(message);
    CAPTURE(example.index());
    REQUIRE(back);
    CHECK(back->index() == example.index());
    Message again = encode(*back);
    CHECK(again.head == message.head);
    CHECK(again.body == message.body);
  }
}

TEST_CASE("pipeline messages: PIPE-1, truncated and flipped heads are refused or read") {
  check_broken_heads(encoded(examples()), decode);
}

TEST_CASE("pipeline messages: PIPE-1, bombs, unknown types and missing fields are refused") {
  check_bombs(decode);
  CHECK(decode({Bytes::copy(with_type("recall")), {}}));
  Result<Any> bare = decode({Bytes::copy(with_type("tasks")), {}});
  REQUIRE_FALSE(bare);
  CHECK(bare.reason().find("tasks: the field 'job'") == 0);
}

TEST_CASE("pipeline messages: PIPE-1, text and bytes may be empty but not missing") {
  Message closing = encode(Close{.job = Id::of_name("j"), .name = ""});
  CHECK(decode(closing));
  std::string head(closing.head.view());
  head.replace(head.find("name"), 4, "else");
  Result<Any> nameless = decode({Bytes::take(std::move(head)), {}});
  REQUIRE_FALSE(nameless);
  CHECK(nameless.reason().find("close: the field 'name'") == 0);
}

TEST_CASE("pipeline messages: PIPE-1, a delimiter is one octet, and tasks can be cut") {
  Batch batch{.range = {0, 1}, .delimiter = '\xfe'};
  batch.payload = Bytes::copy("a\xfe");
  Message tasks = encode(Tasks{.job = Id::of_name("j"), .number = 1, .batch = batch});
  CHECK(decode(tasks));
  std::string head(tasks.head.view());
  // 254 stands there as cc fe; 510 would be cd 01 fe.
  head.replace(head.find("delimiter") + 9, 2, std::string("\xcd\x01\xfe", 3));
  CHECK_FALSE(decode({Bytes::take(std::move(head)), tasks.body}));
  batch.framing = Framing::opaque;
  CHECK_FALSE(decode(encode(Tasks{.job = Id::of_name("j"), .number = 1, .batch = batch})));
  CHECK(decode(encode(Results{.job = Id::of_name("j"), .batch = batch})));
}

TEST_CASE("pipeline messages: PIPE-1, unknown fields are ignored") {
  msgpack::sbuffer buffer;
  msgpack::packer<msgpack::sbuffer> packer(buffer);
  packer.pack_map(2);
  packer.pack(std::string("type"));
  packer.pack(std::string("recall"));
  packer.pack(std::string("later"));
  packer.pack(std::vector<int>{1, 2, 3});
  CHECK(decode({Bytes::copy({buffer.data(), buffer.size()}), {}}));
}

TEST_CASE("pipeline messages: PIPE-2, a body that does not fit is refused") {
  Message message = encode(Tasks{.job = Id::of_name("j"), .number = 1, .batch = three_lines()});
  CHECK_FALSE(decode({message.head, Bytes::copy("a\nb\n")}));
  CHECK_FALSE(decode({message.head, Bytes::copy("a\nb\nc")}));
  CHECK_FALSE(decode({message.head, {}}));
}

TEST_CASE("sinks: PIPE-14, all tasks of a block meet in one sink, and blocks spread") {
  Id job = Id::of_name("job");
  std::vector<Id> sinks{Id::of_name("a"), Id::of_name("b"), Id::of_name("c")};
  std::map<Id, std::uint64_t> counts;
  for (Seq seq = 0; seq < 300 * block_tasks; seq += block_tasks) {
    Id sink = sink_of(job, seq, sinks);
    CHECK(sink_of(job, seq + block_tasks - 1, sinks) == sink);
    ++counts[sink];
  }
  for (const Id& sink : sinks) CHECK(counts[sink] > 60);
  std::uint64_t all = 0;
  for (const Id& sink : sinks) {
    for (SeqRange part : share_of(job, {5, 300'000}, sinks, sink)) {
      all += part.count;
      CHECK(sink_of(job, part.first, sinks) == sink);
      CHECK(sink_of(job, part.end() - 1, sinks) == sink);
    }
  }
  CHECK(all == 300'000);
}
