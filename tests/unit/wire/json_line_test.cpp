#include <doctest/doctest.h>

#include <shoal/wire/json_line.hpp>

using namespace shoal;
using namespace shoal::wire;

namespace {

JsonRecord back_and_forth(const JsonRecord& record) {
  const std::string line = format_json_line(record);
  CAPTURE(line);
  CHECK(line.find('\n') == std::string::npos);
  const Result<JsonRecord> read = parse_json_line(line);
  REQUIRE(read);
  return *read;
}

}  // namespace

TEST_CASE("json line: fields in the order given, then the payload") {
  const JsonRecord record{.fields = {{"ts", "2026-01-31T23:59:59.007Z"},
                                     {"topic", "news"},
                                     {"seq", std::uint64_t{7}},
                                     {"ok", true},
                                     {"headers", Headers{{"k", "v"}}}},
                          .payload = "a \"line\"\n"};
  CHECK(format_json_line(record) ==
        R"({"ts":"2026-01-31T23:59:59.007Z","topic":"news","seq":7,"ok":true,)"
        R"("headers":{"k":"v"},"payload":"a \"line\"\n"})");
}

TEST_CASE("json line: every kind of value comes back as it was") {
  const JsonRecord record{.fields = {{"yes", true},
                                     {"minus", std::int64_t{-5}},
                                     {"most", ~std::uint64_t{0}},
                                     {"half", 0.5},
                                     {"third", 1.0 / 3},
                                     {"text", "caf\xc3\xa9 \x1b\x01"},
                                     {"headers", Headers{{"a", "1"}, {"b", ""}}},
                                     {"none", RawJson{"null"}},
                                     {"list", RawJson{"[1,{\"a\":[2]}]"}}},
                          .payload = ""};
  CHECK(back_and_forth(record) == record);
  CHECK(back_and_forth({}) == JsonRecord{});
}

TEST_CASE("json line: bytes that are not UTF-8 travel in base64 and come back") {
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  const JsonRecord record{
      .fields = {{"topic", "\xff"}, {"headers", Headers{{"k\xfe", all}, {"plain", "v"}}}},
      .payload = all};
  const std::string line = format_json_line(record);
  CHECK(line.find("\"topic_b64\":\"/w==\"") != std::string::npos);
  CHECK(line.find("\"payload_b64\":\"AAECAw") != std::string::npos);
  CHECK(line.find("\"payload\"") == std::string::npos);
  CHECK(back_and_forth(record) == record);
}

TEST_CASE("json line: what is no record is refused with a reason") {
  for (const char* bad : {"", "[]", "7", "{", "{\"a\":1} x", "{\"payload_b64\":\"???\"}",
                          "{\"x_b64\":5}", "{\"payload\":5}", "{\"x_b64_b64\":\"YQ==\"}",
                          "{\"payload\":\"a\",\"payload_b64\":\"Zg==\"}", "{\"a\":\"\xff\"}"}) {
    CAPTURE(bad);
    const Result<JsonRecord> read = parse_json_line(bad);
    REQUIRE_FALSE(read);
    CHECK_FALSE(read.reason().empty());
  }
}

TEST_CASE("json line: deep nesting is refused and does not exhaust the stack") {
  const std::string deep(1'000'000, '[');
  CHECK_FALSE(parse_json_line("{\"a\":" + deep));
  CHECK_FALSE(parse_json_line("{\"a\":" + deep + std::string(deep.size(), ']') + "}"));
  CHECK(parse_json_line("{\"a\":[[[[]]]]}"));
}

TEST_CASE("json line: every cut of a valid line is refused") {
  const std::string line = format_json_line(
      {.fields = {{"n", std::uint64_t{12}}, {"headers", Headers{{"k", "v"}}}}, .payload = "\xff"});
  for (std::size_t size = 0; size < line.size(); ++size) {
    CHECK_FALSE(parse_json_line(std::string_view(line).substr(0, size)));
  }
}

TEST_CASE("json line: fields are found by name") {
  const JsonRecord record{.fields = {{"a", true}}, .payload = std::nullopt};
  REQUIRE(record.find("a") != nullptr);
  CHECK(std::get<bool>(*record.find("a")));
  CHECK(record.find("b") == nullptr);
}
