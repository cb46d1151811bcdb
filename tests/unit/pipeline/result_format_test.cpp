#include <doctest/doctest.h>

#include <shoal/base/error.hpp>
#include <shoal/pipeline/result_format.hpp>
#include <shoal/pipeline/spool_note.hpp>

using namespace shoal;
using namespace shoal::pipeline;

namespace {

wire::Batch lines(Seq first, std::uint64_t count, std::string text, char delimiter = '\n') {
  return {.range = {first, count}, .delimiter = delimiter, .payload = Bytes::take(std::move(text))};
}

wire::Batch sized(Seq first, const std::vector<std::string>& records) {
  wire::Batch batch{.range = {first, records.size()}, .framing = wire::Framing::sized};
  std::string text;
  for (const std::string& record : records) {
    batch.sizes.push_back(static_cast<std::uint32_t>(record.size()));
    text += record;
  }
  batch.payload = Bytes::take(std::move(text));
  return batch;
}

std::string formatted(ResultFormat format, const wire::Batch& batch) {
  return std::string(format_results(format, "job", batch).view());
}

}  // namespace

TEST_CASE("results, plain: as the command wrote them; tasks that end with NUL become lines") {
  CHECK(formatted(ResultFormat::plain, lines(0, 2, "a\nb\n")) == "a\nb\n");
  CHECK(formatted(ResultFormat::plain, lines(0, 2, std::string("a\0b\0", 4), '\0')) == "a\nb\n");
  CHECK(formatted(ResultFormat::plain, sized(0, {"a\nb\n", "", "c"})) == "a\nb\nc");
}

TEST_CASE("results, with NUL: one after each, in place of the line feed that ends it") {
  CHECK(formatted(ResultFormat::nul, lines(0, 2, "a\nb\n")) == std::string("a\0b\0", 4));
  CHECK(formatted(ResultFormat::nul, sized(0, {"a\nb\n", "", "c"})) ==
        std::string("a\nb\0\0c\0", 7));
}

TEST_CASE("results, JSON: a line each, with the task's number") {
  CHECK(formatted(ResultFormat::json, lines(7, 2, "a\nb\n")) ==
        R"({"job":"job","seq":7,"payload":"a"})"
        "\n"
        R"({"job":"job","seq":8,"payload":"b"})"
        "\n");
  CHECK(formatted(ResultFormat::json, sized(3, {"x\ny\n"})) ==
        R"({"job":"job","seq":3,"payload":"x\ny"})"
        "\n");
}

TEST_CASE("a job is called by its name, or by its id where it has none") {
  Id id = Id::of_name("job");
  CHECK(job_label(id, "night") == "night");
  CHECK(job_label(id, "") == id.hex());
}

TEST_CASE("a dead letter tells everything that is known of it") {
  wire::pipeline::Letter letter{.name = "night",
                                .seq = 4,
                                .attempts = 3,
                                .status = "exit code 1",
                                .error = "no\n",
                                .payload = Bytes::copy("task")};
  CHECK(
      format_letter(letter).view() ==
      R"({"job":"night","seq":4,"attempts":3,"status":"exit code 1","error":"no\n","payload":"task"})"
      "\n");
}

TEST_CASE("a spool's note brings the batch back, and a damaged one is told") {
  for (const wire::Batch& batch : {lines(5, 2, "a\nb\n"), sized(9, {"one", "", "three"})}) {
    wire::Batch back = batch_of(batch.range, spool_note(batch), batch.payload);
    CHECK(back.framing == batch.framing);
    CHECK(back.delimiter == batch.delimiter);
    CHECK(back.sizes == batch.sizes);
    CHECK(back.record(batch.range.first + 1) == batch.record(batch.range.first + 1));
  }
  wire::Batch three = sized(0, {"one", "", "three"});
  std::string note = spool_note(three);
  CHECK_THROWS_AS(batch_of(three.range, "", three.payload), Error);
  CHECK_THROWS_AS(batch_of(three.range, note.substr(0, note.size() - 4), three.payload), Error);
  CHECK_THROWS_AS(batch_of({0, 2}, note, three.payload), Error);
  CHECK_THROWS_AS(batch_of(three.range, "\x09\n", three.payload), Error);
}
