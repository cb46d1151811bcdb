#include <doctest/doctest.h>
#include <msgpack.hpp>

#include <shoal/wire/stream_messages.hpp>

#include "hostile_messages.hpp"

using namespace shoal;
using namespace shoal::test;
using namespace shoal::wire;
using namespace shoal::wire::stream;

namespace {

std::vector<Any> examples() {
  Id id = Id::of_name("stream");
  return {Read{.reading = 1,
               .from = {Position::Kind::last_of_topic, 0},
               .until = 12,
               .topics = {.patterns = {"a.*", "", std::string(127, 'x'), std::string(128, 'y'),
                                       std::string(255, 'z')},
                          .prefix = true},
               .credit = 1 << 20},
          Read{.reading = 2, .from = {Position::Kind::time, 1'700'000'000'000'000'000}},
          More{.reading = 2, .credit = 5, .next = 7},
          Stream{.stream = id, .epoch = 3, .first = 2, .head = 9},
          Stream{.stream = id,
                 .epoch = 3,
                 .first = 2,
                 .head = 9,
                 .reading = 4,
                 .from = 1,
                 .next = 8,
                 .until = 6,
                 .before = 2,
                 .ended = true},
          Records{.reading = 1, .first = 3, .next = 9, .count = 2, .body = Bytes::copy("records")},
          Records{.reading = 1, .first = 3, .next = 9, .count = 0, .body = {}},
          Trimmed{.reading = 1, .first = 0, .next = 3}};
}

// A map of `fields`, which may be of any type.
template <typename... Fields>
Bytes map_of(Fields... fields) {
  msgpack::sbuffer buffer;
  msgpack::packer<msgpack::sbuffer> packer(buffer);
  packer.pack_map(sizeof...(fields));
  auto put = [&](const auto& field) {
    packer.pack(std::string(field.first));
    packer.pack(field.second);
  };
  (put(fields), ...);
  return Bytes::copy({buffer.data(), buffer.size()});
}

std::pair<const char*, std::string> type(const char* name) {
  return {"type", name};
}
std::pair<const char*, std::uint64_t> number(const char* name, std::uint64_t value) {
  return {name, value};
}
std::pair<const char*, std::vector<char>> raw(const char* name, std::string_view value) {
  return {name, std::vector<char>(value.begin(), value.end())};
}

std::string refusal(const Message& message) {
  Result<Any> decoded = decode(message);
  return decoded ? "" : decoded.reason();
}

std::string read_with(std::string_view patterns) {
  return refusal({map_of(type("read"), number("reading", 1), number("kind", 1), number("value", 0),
                         number("credit", 1), raw("patterns", patterns)),
                  {}});
}

}  // namespace

TEST_CASE("stream messages: every one reads back as it was written") {
  for (const Any& example : examples()) {
    CAPTURE(example.index());
    Message message = encode(example);
    Result<Any> back = decode(message);
    REQUIRE(back);
    CHECK(back->index() == example.index());
    Message again = encode(*back);
    CHECK(again.head == message.head);
    CHECK(again.body == message.body);
  }
  Result<Any> read = decode(encode(examples()[0]));
  REQUIRE(read);
  CHECK(std::get<Read>(*read).topics.patterns == std::get<Read>(examples()[0]).topics.patterns);
  CHECK(std::get<Read>(*read).from.kind == Position::Kind::last_of_topic);
}

TEST_CASE("stream messages: the records are not copied") {
  Message message = encode(examples()[5]);
  Result<Any> back = decode(message);
  REQUIRE(back);
  CHECK(std::get<Records>(*back).body.data() == message.body.data());
}

TEST_CASE("stream messages: STR-1, truncated and flipped heads are refused or read") {
  check_broken_heads(encoded(examples()), decode);
}

TEST_CASE("stream messages: STR-1, bombs, unknown types and missing fields are refused") {
  check_bombs(decode);
  CHECK(refusal({map_of(type("more")), {}}).starts_with("more: the field 'reading'"));
}

TEST_CASE("stream messages: STR-1, numbers out of bounds are refused") {
  CHECK(refusal({map_of(type("more"), number("reading", 0), number("credit", 1), number("next", 1)),
                 {}}) != "");
  CHECK(refusal({map_of(type("more"), number("reading", 1), number("credit", 1),
                        number("next", (std::uint64_t{1} << 62) + 1)),
                 {}}) != "");
  CHECK(refusal({map_of(type("read"), number("reading", 1), number("kind", 6), number("value", 0),
                        number("credit", 1)),
                 {}})
            .find("'kind'") != std::string::npos);
  Id id = Id::of_name("stream");
  CHECK(refusal(encode(Stream{.stream = id, .first = 3, .head = 2})) != "");
  CHECK(refusal(encode(Stream{.stream = Id(), .first = 1, .head = 2})) != "");
  CHECK(refusal(encode(Stream{.stream = id, .head = 9, .reading = 1, .from = 3, .next = 2})) != "");
  CHECK(refusal(encode(Trimmed{1, 4, 4})) != "");
  CHECK(refusal(encode(Records{1, 4, 4, 0, {}})) != "");
  CHECK(refusal(encode(Records{1, 4, 6, 3, Bytes::copy("x")})) != "");
  CHECK(refusal(encode(Records{1, 4, 6, 0, Bytes::copy("x")})) != "");
  CHECK(refusal(encode(Records{1, 4, 6, 1, {}})) != "");
}

TEST_CASE("stream messages: STR-1, patterns that do not fit their lengths are refused") {
  CHECK(read_with("") == "");
  CHECK(read_with("\x02"
                  "ab"
                  "\x01"
                  "c") == "");
  CHECK(read_with("\x03"
                  "ab")
            .find("'patterns'") != std::string::npos);
  CHECK(read_with("\x80") != "");
  CHECK(read_with("\x81\x02" + std::string(257, 'a')) != "");
  CHECK(read_with("\xff\x01" + std::string(255, 'a')) == "");
  CHECK(read_with(std::string("\x81\x00"
                              "a",
                              3)) != "");
  CHECK(read_with(std::string(256, '\0')) == "");
  CHECK(read_with(std::string(257, '\0')) != "");
}

TEST_CASE("stream messages: STR-1, unknown fields are ignored") {
  CHECK(refusal({map_of(type("more"), number("reading", 1), number("credit", 1), number("next", 1),
                        std::pair("later", std::vector<int>{1, 2, 3})),
                 {}}) == "");
}
