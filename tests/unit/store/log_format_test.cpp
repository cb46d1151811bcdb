#include <cstring>

#include <doctest/doctest.h>

#include <shoal/store/log_index.hpp>

#include "log_support.hpp"

using namespace shoal;
using namespace shoal::store;
using namespace store_test;

namespace {

std::string encoded(Offset offset) {
  Made record = made(offset);
  std::string out;
  append_log_record(out, {.offset = offset,
                          .epoch = 3,
                          .time = 77,
                          .flags = log_flag_synced_before,
                          .topic = record.topic,
                          .headers = record.headers,
                          .payload = record.payload});
  return out;
}

}  // namespace

TEST_CASE("log format: a record reads back, and is cut at every byte before its end") {
  for (Offset offset : {0, 1, 9}) {
    std::string bytes = encoded(offset);
    std::string longer = bytes + "more";
    DecodedRecord read = decode_log_record(longer);
    REQUIRE(read.state == RecordState::whole);
    CHECK(is_made(read.record));
    CHECK(read.record.offset == offset);
    CHECK(read.record.epoch == 3);
    CHECK(read.record.time == 77);
    CHECK(read.record.flags == log_flag_synced_before);
    CHECK(read.record.size == bytes.size());
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      // A copy of just that size, so that a sanitizer sees a read behind it.
      std::string part(bytes.data(), size);
      CHECK(decode_log_record(part).state == RecordState::cut);
    }
  }
}

TEST_CASE("log format: no flipped bit of a record passes") {
  std::string bytes = encoded(9);
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string bad = bytes;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
    CHECK(decode_log_record(bad).state != RecordState::whole);
  }
}

TEST_CASE("log format: a length is checked before anything else") {
  for (std::uint32_t size : {0U, 39U, static_cast<std::uint32_t>(log_most_record) + 1, ~0U}) {
    std::string bad = encoded(9);
    std::memcpy(bad.data(), &size, sizeof size);
    CHECK(decode_log_record(bad).state == RecordState::damaged);
  }
  CHECK(fits_log(255, 0, log_most_record - log_record_header_size - 255));
  CHECK_FALSE(fits_log(255, 0, log_most_record - log_record_header_size - 254));
  CHECK_FALSE(fits_log(256, 0, 0));
  CHECK_FALSE(fits_log(0, ~std::size_t{0}, ~std::size_t{0}));
}

TEST_CASE("log format: headers read back, and nothing else does") {
  LogHeaders headers{{"", "empty"}, {"a", std::string("\0\xff", 2)}, {"key", ""}};
  std::string bytes = encode_log_headers(headers).value();
  CHECK(decode_log_headers(bytes).value() == headers);
  CHECK(decode_log_headers("").value().empty());
  for (std::size_t size = 1; size < bytes.size(); ++size) {
    Result<LogHeaders> part = decode_log_headers(std::string(bytes.data(), size));
    CHECK((!part || part->size() < headers.size()));
  }
  std::string one = encode_log_headers({{"a", "b"}}).value();
  CHECK_FALSE(decode_log_headers(one + one));
  CHECK_FALSE(decode_log_headers(std::string("\xff\xff\xff\xff\xff\xff", 6)));
  CHECK_FALSE(encode_log_headers({{std::string(1 << 16, 'x'), ""}}));
}

TEST_CASE("log format: the small files read back, and no flipped bit passes") {
  StreamFile stream{.id = Id::of_name("s"),
                    .epoch = 7,
                    .gaps = {{1, 3}, {9, 10}},
                    .starts = {{2, 0}, {5, 4}, {7, 12}}};
  StreamFile disordered = stream;
  std::swap(disordered.starts[1].epoch, disordered.starts[2].epoch);
  CHECK_FALSE(decode_stream_file(encode_stream_file(disordered)));
  SegmentHeader header{.stream = stream.id, .epoch = 7, .base = 12, .begun = 99};
  SyncedNote note{.base = 12, .position = 64, .next = 12};
  CHECK(decode_stream_file(encode_stream_file(stream)) == stream);
  CHECK(decode_segment_header(encode_segment_header(header) + "records") == header);
  CHECK(decode_synced_note(encode_synced_note(note)) == note);
  LogIndex index(12);
  index.note({.offset = 12, .time = 5, .size = 100'000}, 64);
  index.note({.offset = 13, .time = 6, .size = 50}, 100'064);
  std::string text = index.encode();
  std::optional<LogIndex> again = LogIndex::decode(text, 12);
  REQUIRE(again);
  CHECK(again->encode() == text);
  CHECK(again->at_or_before(13).position == 100'064);
  CHECK(again->at_or_before(12).position == log_segment_header_size);
  CHECK(again->before_time(6).position == log_segment_header_size);
  CHECK(again->before_time(7).offset == 13);
  CHECK_FALSE(LogIndex::decode(text, 13));
  auto flipped = [](std::string bytes, auto passes) {
    std::size_t passed = 0;
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
      bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
      if (passes(bytes)) ++passed;
      bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
    }
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      if (passes(std::string(bytes.data(), size))) ++passed;
    }
    return passed;
  };
  CHECK(flipped(encode_stream_file(stream),
                [](const auto& b) { return !!decode_stream_file(b); }) == 0);
  CHECK(flipped(encode_segment_header(header),
                [](const auto& b) { return !!decode_segment_header(b); }) == 0);
  CHECK(flipped(encode_synced_note(note), [](const auto& b) { return !!decode_synced_note(b); }) ==
        0);
  CHECK(flipped(text, [](const auto& b) { return !!LogIndex::decode(b, 12); }) == 0);
}

TEST_CASE("log format: the document says what the code does") {
  std::string document = read_file(SHOAL_STORE_FORMAT_MD);
  auto told = [&](const std::string& words) { return document.find(words) != std::string::npos; };
  for (std::string_view magic :
       {log_stream_magic, log_segment_magic, log_index_magic, log_synced_magic}) {
    CHECK(magic.size() == 8);
    CHECK(told("`" + std::string(magic) + "`"));
  }
  CHECK(told("from here to its end: " + std::to_string(log_record_header_size) + " to " +
             std::to_string(log_most_record)));
  CHECK(told("| 2 | size of the topic, 0 to " + std::to_string(log_most_topic) + " |"));
  CHECK(told("| 4 | format: " + std::to_string(log_format) + " |"));
  CHECK(told("| 1 | record format: " + std::to_string(log_record_format) + " |"));
  CHECK(told("begins " + std::to_string(log_index_step) + " bytes or more behind"));
  CHECK(told(std::to_string(log_synced_size) + " bytes: `shoalsyn`"));
  CHECK(told("| " + std::to_string(log_segment_header_size - 8) + " | 8 | XXH3-64 of the " +
             std::to_string(log_segment_header_size - 8) + " bytes before |"));
  CHECK(encode_segment_header({}).size() == log_segment_header_size);
  CHECK(encode_synced_note({}).size() == log_synced_size);
}
