#include <unit/runtime/fixture.hpp>

#include <shoal/stream/subscribe_output.hpp>

#include "support/log_capture.hpp"
#include "support/temp_dir.hpp"

using namespace shoal;
using namespace shoal::stream;
using namespace shoal::test;

namespace {

const Id one = Id::of_name("one");

struct Output {
  explicit Output(SubscribeOutputOptions options) : output(reactor, std::move(options)) {}

  void put(std::string_view text, Offset first, Offset next) {
    output.write(Bytes::copy(text));
    output.put({.stream = one, .epoch = 3, .first = first, .next = next});
  }

  /// The places of what becomes settled, until there are `count`.
  std::vector<Offset> settled(std::size_t count) {
    std::vector<Offset> places;
    run_until(reactor, [&] {
      for (const Delivery& delivery : output.take_settled()) places.push_back(delivery.next);
      return places.size() >= count;
    });
    return places;
  }

  runtime::Reactor reactor;
  SubscribeOutput output;
};

std::string refusal_of(SubscribeOutputOptions options) {
  try {
    Output output(std::move(options));
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("subscribe output: a file without a cursor is replaced, and its readers start anew") {
  TempDir dir;
  dir.write("out", "what was there before");
  {
    Output output({.output = dir / "out"});
    CHECK(output.output.cursors().empty());
    output.put("a\n", 0, 1);
    output.put("b\n", 1, 2);
    CHECK(output.settled(2) == std::vector<Offset>{1, 2});
    CHECK(output.output.settled());
  }
  CHECK(dir.read("out") == "a\nb\n");
}

TEST_CASE(
    "subscribe output: with a cursor both go on together, and what was not committed is cut") {
  TempDir dir;
  dir.write("out", "before\n");
  SubscribeOutputOptions options{.output = dir / "out", .cursor = dir / "cursor"};
  {
    Output output(options);
    output.put("a\n", 0, 1);
    output.output.commit();
    CHECK(output.settled(1) == std::vector<Offset>{1});
    output.put("b\n", 1, 2);
    CHECK_FALSE(output.output.settled());
  }
  {
    std::string more = dir.read("out") + "c";  // what a kill leaves behind a commit
    dir.write("out", more);
    LogCapture told;
    Output output(options);
    CHECK(told.count("cut 1 bytes that were not committed") == 1);
    REQUIRE(output.output.cursors().contains(one));
    CHECK(output.output.cursors().at(one).next == 1);
    CHECK(output.output.cursors().at(one).epoch == 3);
    output.put("b\n", 1, 2);
    CHECK(output.settled(1) == std::vector<Offset>{2});
  }
  CHECK(dir.read("out") == "before\na\nb\n");
}

TEST_CASE("subscribe output: a delivery without text moves the cursor, too") {
  TempDir dir;
  SubscribeOutputOptions options{.output = dir / "out", .cursor = dir / "cursor"};
  {
    Output output(options);
    output.put("", 0, 40);
    CHECK(output.settled(1) == std::vector<Offset>{40});
  }
  CHECK(Output(options).output.cursors().at(one).next == 40);
}

TEST_CASE("subscribe output: one process at a time has an output, and another loses nothing") {
  TempDir dir;
  for (bool first : {false, true}) {
    for (bool second : {false, true}) {
      auto with_cursor = [&](bool wanted, const char* name) {
        SubscribeOutputOptions options{.output = dir / "out"};
        if (wanted) options.cursor = dir / name;
        return options;
      };
      Output output(with_cursor(first, "cursor"));
      output.put("a\n", 0, 1);
      output.settled(1);
      std::string had = dir.read("out");
      CHECK(refusal_of(with_cursor(second, "other")).find("another process writes to") !=
            std::string::npos);
      CHECK(dir.read("out") == had);
    }
  }
  // Devices are for everybody.
  Output null({.output = "/dev/null"});
  CHECK(refusal_of({.output = "/dev/null"}) == "");
}
