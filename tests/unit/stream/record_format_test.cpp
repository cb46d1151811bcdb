#include <doctest/doctest.h>

#include <shoal/app/position.hpp>
#include <shoal/app/record_format.hpp>
#include <shoal/wire/json_line.hpp>

using namespace shoal;
using namespace shoal::app;
using Kind = wire::stream::Position::Kind;

namespace {

constexpr std::uint64_t second = 1'000'000'000;

std::string written(const RecordFormat& format, const RecordText& record) {
  std::string out;
  format.append(out, record);
  return out;
}

const RecordText full{.topic = "a.b",
                      .payload = std::string_view("pay\0load", 8),
                      .headers = {{"k", "v"}, {"k 2", ""}},
                      .from = "me",
                      .offset = 7,
                      .epoch = 2,
                      .seq = 9,
                      .time = 1'500'000'000};

bool is_place(std::string_view text, Kind kind, std::uint64_t value = 0) {
  Result<wire::stream::Position> place = parse_position(text, 1000 * second);
  return place && place->kind == kind && place->value == value;
}

}  // namespace

TEST_CASE("record format: raw is the payload alone") {
  CHECK(written(RecordFormat::raw(), full) == full.payload);
  CHECK(written(RecordFormat::raw(), {}).empty());
}

TEST_CASE("record format: a JSON line reads back; what is not known is left out") {
  wire::JsonRecord line = *wire::parse_json_line(written(RecordFormat::json(), full));
  CHECK(line.payload == std::string(full.payload));
  CHECK(line.fields.size() == 7);
  CHECK(std::get<std::uint64_t>(*line.find("ts")) == 1'500'000'000);
  CHECK(std::get<std::uint64_t>(*line.find("offset")) == 7);
  CHECK(std::get<std::uint64_t>(*line.find("epoch")) == 2);
  CHECK(std::get<std::uint64_t>(*line.find("seq")) == 9);
  CHECK(std::get<std::string>(*line.find("from")) == "me");
  CHECK(std::get<wire::Headers>(*line.find("headers")) == full.headers);
  CHECK(written(RecordFormat::json(), {.topic = "t", .payload = "p"}) ==
        R"({"topic":"t","payload":"p"})");
}

TEST_CASE("record format: a template puts every field where it says") {
  RecordFormat format =
      *RecordFormat::of_template("%t|%o|%e|%s|%T|%f|%h{k}|%h{k 2}|%h{}|%%\\t\\\\|%p");
  CHECK(written(format, full) == "a.b|7|2|9|1500000000|me|v|||%\t\\|" + std::string(full.payload));
  CHECK(written(format, {}) == "|||||||||%\t\\|");
  CHECK(written(*RecordFormat::of_template(""), full).empty());
}

TEST_CASE("record format: what means nothing in a template is told") {
  for (const char* bad : {"%", "%x", "%h", "%hk", "%h{k", "a\\", "\\x", "%t%"}) {
    CAPTURE(bad);
    Result<RecordFormat> format = RecordFormat::of_template(bad);
    CHECK_FALSE(format);
    if (!format) CHECK(format.reason().find("means nothing in a format") != std::string::npos);
  }
}

TEST_CASE("position: all the ways to say where to begin") {
  CHECK(is_place("beginning", Kind::beginning));
  CHECK(is_place("end", Kind::end));
  CHECK(is_place("0", Kind::offset, 0));
  CHECK(is_place("4611686018427387904", Kind::offset, std::uint64_t{1} << 62));
  CHECK(is_place("-10", Kind::last, 10));
  CHECK(is_place("@12", Kind::time, 12 * second));
  CHECK(is_place("@12.000000001", Kind::time, 12 * second + 1));
  CHECK(is_place("@12.5", Kind::time, 12 * second + second / 2));
  CHECK(is_place("@1970-01-02", Kind::time, 86'400 * second));
  CHECK(is_place("@1970-01-01T00:01:00Z", Kind::time, 60 * second));
  CHECK(is_place("@1970-01-01T00:01:00.25Z", Kind::time, 60 * second + second / 4));
  CHECK(is_place("10m-ago", Kind::time, 400 * second));
  CHECK(is_place("1d-ago", Kind::time, 0));
}

TEST_CASE("position: what is none is told") {
  for (const char* bad : {"", "yesterday", "1x", "-", "--1", "-1x", "+1", "@", "@x", "@12.",
                          "@1.1234567891", "@-5", "@1969-12-31", "@2026-13-01", "@1970-01-02x",
                          "18446744073709551616", "-ago", "x-ago", "@99999999999999999999"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_position(bad, 1000 * second));
  }
}
