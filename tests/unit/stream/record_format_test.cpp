#include <doctest/doctest.h>

#include <shoal/stream/record_format.hpp>
#include <shoal/wire/json_line.hpp>

using namespace shoal;
using namespace shoal::stream;

namespace {

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
