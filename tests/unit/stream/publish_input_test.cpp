#include <unit/runtime/fixture.hpp>

#include <shoal/stream/publish_input.hpp>

#include "support/temp_dir.hpp"

using namespace shoal;
using namespace shoal::stream;
using namespace shoal::test;

namespace {

struct Message {
  std::string topic;
  std::string payload;
  wire::Headers headers;
  std::uint64_t line = 0;
  friend bool operator==(const Message&, const Message&) = default;
};

struct Input {
  Input(const TempDir& dir, std::string_view text, PublishInputOptions options)
      : input(reactor, with_file(dir, text, std::move(options)), [this] { ready = true; }) {}

  static PublishInputOptions with_file(const TempDir& dir, std::string_view text,
                                       PublishInputOptions options) {
    options.files.push_back(dir.write("in", text).string());
    return options;
  }

  /// Everything up to the end, `most` at a time.
  std::vector<Message> all(std::size_t most = 1000) {
    std::vector<Message> messages;
    PublishBatch batch;
    while (true) {
      ready = false;
      PublishInput::State state = input.next(most, batch);
      if (state == PublishInput::State::ended) return messages;
      if (state == PublishInput::State::later) {
        run_until(reactor, [&] { return ready; });
        continue;
      }
      add(batch, messages);
    }
  }

  static void add(const PublishBatch& batch, std::vector<Message>& messages) {
    std::size_t count = batch.records.size();
    REQUIRE(batch.headers.size() == count);
    REQUIRE((batch.lines.empty() || batch.lines.size() == count));
    for (std::size_t i = 0; i < count; ++i) {
      const store::NewRecord& record = batch.records[i];
      CHECK(record.headers == store::encode_log_headers(*batch.headers[i]).value());
      std::uint64_t line = batch.lines.empty() ? batch.last_line - count + i + 1 : batch.lines[i];
      messages.push_back(
          {std::string(record.topic), std::string(record.payload), *batch.headers[i], line});
    }
  }

  runtime::Reactor reactor;
  bool ready = false;
  PublishInput input;
};

}  // namespace

TEST_CASE("publish input: lines are payloads, whatever is in them, and are counted") {
  TempDir dir;
  std::string before = dir.write("before", "first\n").string();
  for (std::size_t most : {1, 2, 1000}) {
    Input input(dir, "a\n\n\tb \nlast", {.files = {before}, .topic = "t", .headers = {{"k", "v"}}});
    wire::Headers headers{{"k", "v"}};
    CHECK(input.all(most) == std::vector<Message>{{"t", "first", headers, 1},
                                                  {"t", "a", headers, 2},
                                                  {"t", "", headers, 3},
                                                  {"t", "\tb ", headers, 4},
                                                  {"t", "last", headers, 5}});
    CHECK_FALSE(input.input.error());
  }
}

TEST_CASE("publish input: a topic, a delimiter and a payload") {
  TempDir dir;
  PublishInputOptions keyed{.form = InputForm::keyed, .key_delimiter = "::"};
  Input input(dir, "a.b::1::2\n::x\nnone\nc::\n", keyed);
  CHECK(input.all() == std::vector<Message>{{"a.b", "1::2", {}, 1}, {"", "x", {}, 2}});
  REQUIRE(input.input.error());
  CHECK(input.input.error()->code() == ExitCode::bad_data);
  CHECK(std::string(input.input.error()->what()).find("in: line 3: no '::'") != std::string::npos);
  keyed.skip_bad = true;
  Input skipping(dir, "a::1\nnone\nb\tc::2\nc::\n", keyed);
  CHECK(skipping.all() == std::vector<Message>{{"a", "1", {}, 1}, {"c", "", {}, 4}});
  CHECK(skipping.input.skipped() == 2);
  CHECK_FALSE(skipping.input.error());
}

TEST_CASE("publish input: JSON lines, their headers on top of those of all") {
  TempDir dir;
  PublishInputOptions json{.form = InputForm::json, .headers = {{"a", "1"}}, .skip_bad = true};
  Input input(dir,
              R"({"topic":"t","payload":"x","headers":{"b":"2"}})"
              "\n"
              R"({"payload_b64":"AP8="})"
              "\n"
              R"({"event":"gap","count":3})"
              "\n"
              R"({"topic":7,"payload":"x"})"
              "\n{\n"
              R"({"payload":"y","headers":{"a":"3"}})",
              json);
  CHECK(input.all(2) == std::vector<Message>{{"t", "x", {{"a", "1"}, {"b", "2"}}, 1},
                                             {"msg", std::string("\0\xff", 2), {{"a", "1"}}, 2},
                                             {"msg", "y", {{"a", "3"}}, 6}});
  CHECK(input.input.events() == 1);
  CHECK(input.input.skipped() == 2);
}

TEST_CASE("publish input: what cannot be is refused at once") {
  runtime::Reactor reactor;
  auto refused = [&](PublishInputOptions options) {
    try {
      PublishInput input(reactor, std::move(options), [] {});
    } catch (const Error& error) {
      return error.code() == ExitCode::usage;
    }
    return false;
  };
  CHECK(refused({.files = {"/dev/null"}, .topic = "a\tb"}));
  CHECK(refused({.files = {"/dev/null"}, .max_size = 1UL << 30}));
}

TEST_CASE("publish input: a line that is too long names itself, and what came before is kept") {
  TempDir dir;
  Input input(dir, "1\n2\n12345678901\n4\n", {.max_size = 10});
  CHECK(input.all().size() == 2);
  REQUIRE(input.input.error());
  CHECK(std::string(input.input.error()->what()).find("record 3") != std::string::npos);
}
