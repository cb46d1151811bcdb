#include <doctest/doctest.h>

#include <shoal/wire/batch.hpp>

using namespace shoal;
using namespace shoal::wire;

namespace {

Batch lines(Seq first, std::uint64_t count, const char* text, char delimiter = '\n') {
  Batch batch{.range = {first, count}, .delimiter = delimiter};
  batch.payload = Bytes::copy(text);
  return batch;
}

}  // namespace

TEST_CASE("batch: slices of lines share the block") {
  Batch whole = lines(10, 4, "a\nbb\n\nccc\n");
  CHECK(whole.slice({10, 1}).payload.view() == "a\n");
  CHECK(whole.slice({11, 2}).payload.view() == "bb\n\n");
  CHECK(whole.slice({13, 1}).payload.view() == "ccc\n");
  CHECK(whole.record(12).view() == "\n");
  CHECK(whole.slice({12, 2}).payload.data() == whole.payload.data() + 5);
  CHECK(whole.slice({11, 2}).well_formed());
}

TEST_CASE("batch: slices of sized records, empty ones too") {
  Batch whole{.range = {0, 3}, .framing = Framing::sized, .sizes = {2, 0, 3}};
  whole.payload = Bytes::copy("xxyyy");
  CHECK(whole.well_formed());
  CHECK(whole.record(0).view() == "xx");
  CHECK(whole.record(1).view() == "");
  CHECK(whole.slice({1, 2}).payload.view() == "yyy");
  CHECK(whole.slice({1, 2}).well_formed());
}

TEST_CASE("batch: each_record gives what record() does, and in time for a great many") {
  Batch sized{.range = {7, 3}, .framing = Framing::sized, .sizes = {2, 0, 3}};
  sized.payload = Bytes::copy("xxyyy");
  for (const Batch& batch : {lines(10, 4, "a\nbb\n\nccc\n"), lines(0, 2, "x;y;", ';'), sized}) {
    Seq next = batch.range.first;
    batch.each_record([&](Seq seq, std::string_view record) {
      CHECK(seq == next++);
      CHECK(batch.record(seq).view() == record);
    });
    CHECK(next == batch.range.end());
  }
  Batch opaque{.range = {5, 3}, .framing = Framing::opaque};
  opaque.payload = Bytes::copy("blob");
  opaque.each_record([](Seq seq, std::string_view record) {
    CHECK(seq == 5);
    CHECK(record == "blob");
  });
  Batch many{.range = {0, 2'000'000}, .framing = Framing::sized};
  many.sizes.assign(many.range.count, 1);
  many.payload = Bytes::take(std::string(many.range.count, 'r'));
  std::size_t bytes = 0;
  many.each_record([&](Seq, std::string_view record) { bytes += record.size(); });
  CHECK(bytes == many.payload.size());
}

TEST_CASE("batch: PIPE-2, what does not add up is not well formed") {
  CHECK(lines(0, 2, "a\nb\n").well_formed());
  CHECK_FALSE(lines(0, 3, "a\nb\n").well_formed());
  CHECK_FALSE(lines(0, 1, "a\nb\n").well_formed());
  CHECK_FALSE(lines(0, 2, "a\nb").well_formed());
  CHECK_FALSE(lines(0, 0, "").well_formed());
  CHECK_FALSE(lines(0, 2, "a\nb\n", '\0').well_formed());
  Batch sized{.range = {0, 2}, .framing = Framing::sized, .sizes = {1, 1}};
  sized.payload = Bytes::copy("xyz");
  CHECK_FALSE(sized.well_formed());
  sized.sizes = {3};
  CHECK_FALSE(sized.well_formed());
  Batch far{.range = {~Seq{0}, 1}, .framing = Framing::opaque};
  CHECK_FALSE(far.well_formed());
}
