#include <cstdlib>

#include <doctest/doctest.h>

#include <shoal/app/command_line.hpp>
#include <shoal/base/error.hpp>
#include <shoal/base/units.hpp>

using namespace shoal;
using namespace shoal::app;
using namespace std::chrono_literals;

namespace {

enum class Colour { red, green };

/// One target of each type, declared on a command line of their own.
struct Fixture {
  explicit Fixture(bool with_command = false) {
    line.group("Some");
    line.flag("-f,--flag", flag, "a flag");
    line.count("-v,--verbose", verbose, "a counter");
    line.option("--text", "TEXT", text, "text");
    line.option("--note", "TEXT", note, "optional text");
    line.option("-b,--bind,--listen", "LIST", bind, "endpoints");
    line.option("--header", "K:V", headers, "headers");
    line.group("Others");
    line.number("-j,--jobs", "N", jobs, 1, 1024, "a number");
    line.number("--offset", "N", offset, -10, std::numeric_limits<std::int64_t>::max(), "any");
    line.option("--pause", "TIME", pause, "a time");
    line.option("--timeout", "TIME", timeout, "an optional time");
    line.size("--max-size", "SIZE", max_size, "a size");
    line.choice<Colour>("--colour", "red|green", colour,
                        {{"red", Colour::red}, {"green", Colour::green}}, "a choice");
    line.option("-o,--output", "FILE", output, "an optional path");
    if (with_command) {
      line.command("CMD [ARG...]", words, "a command");
    } else {
      line.positionals("FILE...", words, "files");
    }
    line.standard_options();
  }

  CommandLine::Asked parse(std::vector<std::string> arguments) {
    return line.parse(std::move(arguments));
  }

  /// What is said about a bad command line.
  std::string complaint(std::vector<std::string> arguments) {
    try {
      line.parse(std::move(arguments));
    } catch (const Error& error) {
      CHECK(error.code() == ExitCode::usage);
      return error.what();
    }
    return "";
  }

  CommandLine line{About{.name = "test", .summary = "Tests.", .examples = {}}};
  bool flag = false;
  int verbose = 0;
  std::string text = "words";
  std::optional<std::string> note;
  std::vector<std::string> bind = {"5016", "5017"};
  std::vector<std::string> headers;
  std::uint16_t jobs = 4;
  std::optional<std::int64_t> offset;
  Duration pause = 250ms;
  std::optional<Duration> timeout;
  std::uint64_t max_size = 64U << 20;
  Colour colour = Colour::red;
  std::optional<std::filesystem::path> output;
  std::vector<std::string> words;
};

using Words = std::vector<std::string>;
constexpr auto see = "; see shoal test --help";

}  // namespace

TEST_CASE("command line: without arguments every target keeps its default") {
  Fixture given;
  CHECK(given.parse({}) == CommandLine::Asked::run);
  CHECK_FALSE(given.flag);
  CHECK(given.text == "words");
  CHECK(given.bind == Words{"5016", "5017"});
  CHECK(given.jobs == 4);
  CHECK_FALSE(given.timeout.has_value());
  CHECK(given.words.empty());
}

TEST_CASE("command line: each type reads its value") {
  Fixture given;
  given.parse({"-f", "--text", "a b", "--note=n=1", "--jobs=7", "--offset", "-5", "--pause",
               "1h30m", "--timeout", "2s", "--max-size", "4K", "--colour", "green", "-oout.txt"});
  CHECK(given.flag);
  CHECK(given.text == "a b");
  CHECK(given.note == "n=1");
  CHECK(given.jobs == 7);
  CHECK(given.offset == -5);
  CHECK(given.pause == 90min);
  CHECK(given.timeout == Duration(2s));
  CHECK(given.max_size == 4096);
  CHECK(given.colour == Colour::green);
  CHECK(given.output == "out.txt");
}

TEST_CASE("command line: short options stack, flags count, and the last value wins") {
  Fixture given;
  given.parse({"-vfvj3", "-j", "9", "-v"});
  CHECK(given.verbose == 3);
  CHECK(given.flag);
  CHECK(given.jobs == 9);
}

TEST_CASE("command line: lists replace their default, keep commas and brackets, know aliases") {
  Fixture given;
  given.parse({"--bind", "1,2", "-b3", "--listen=4", "--header", "[a,b]", "--header", "k:v,w"});
  CHECK(given.bind == Words{"1,2", "3", "4"});
  CHECK(given.headers == Words{"[a,b]", "k:v,w"});
}

TEST_CASE("command line: an empty value and one that looks like an option are values") {
  Fixture given;
  given.parse({"--text=", "file", "--note", "--jobs", "--header", "--"});
  CHECK(given.text.empty());
  CHECK(given.note == "--jobs");
  CHECK(given.headers == Words{"--"});
  CHECK(given.words == Words{"file"});
  CHECK(given.jobs == 4);
}

TEST_CASE("command line: words stand anywhere, and all after -- are words") {
  Fixture given;
  given.parse({"one", "-f", "-", "--", "--jobs", "--"});
  CHECK(given.flag);
  CHECK(given.words == Words{"one", "-", "--jobs", "--"});
}

TEST_CASE("command line: a command begins at the first word and keeps its options") {
  Fixture plain(true);
  plain.parse({"-j", "3", "wc", "-c", "--text=", "--", "-f"});
  CHECK(plain.jobs == 3);
  CHECK_FALSE(plain.flag);
  CHECK(plain.words == Words{"wc", "-c", "--text=", "--", "-f"});

  Fixture marked(true);
  marked.parse({"-f", "--", "-odd", "-f"});
  CHECK(marked.words == Words{"-odd", "-f"});

  Fixture bundled(true);
  bundled.parse({"-fj", "3", "wc"});
  CHECK(bundled.jobs == 3);
  CHECK(bundled.words == Words{"wc"});
}

TEST_CASE("command line: what does not make sense is told with the option's name") {
  CHECK(Fixture().complaint({"--jobs", "x"}) ==
        std::string("--jobs: 'x' is not a number from 1 to 1024") + see);
  CHECK(Fixture().complaint({"-j0"}) ==
        std::string("--jobs: '0' is not a number from 1 to 1024") + see);
  CHECK(Fixture().complaint({"-j", "1025"}).starts_with("--jobs: '1025'"));
  CHECK(Fixture().complaint({"-j", "5 "}).starts_with("--jobs: '5 '"));
  CHECK(Fixture().complaint({"--jobs="}).starts_with("--jobs: ''"));
  CHECK(Fixture().complaint({"--offset", "99999999999999999999"}) ==
        std::string("--offset: '99999999999999999999' is not a number of at least -10") + see);
  CHECK(Fixture().complaint({"--pause", "soon"}).starts_with("--pause: 'soon' is not a duration"));
  CHECK(Fixture().complaint({"--max-size", "big"}).starts_with("--max-size: 'big' is not a size"));
  CHECK(Fixture().complaint({"--colour", "blue"}) ==
        std::string("--colour: 'blue' is not one of red, green") + see);
  CHECK(Fixture().complaint({"--flag=maybe"}) ==
        std::string("--flag: 'maybe' is neither true nor false") + see);
  CHECK(Fixture().complaint({"--jobs"}) == std::string("--jobs: needs a value") + see);
}

TEST_CASE("command line: an unknown option suggests the nearest known one") {
  CHECK(Fixture().complaint({"--jbos", "4"}) ==
        std::string("--jbos: no such option (did you mean --jobs?)") + see);
  CHECK(Fixture().complaint({"--lisen=4"}) ==
        std::string("--lisen: no such option (did you mean --listen?)") + see);
  CHECK(Fixture().complaint({"--something-else"}) ==
        std::string("--something-else: no such option") + see);
  CHECK(Fixture().complaint({"-x"}) == std::string("-x: no such option") + see);
  CHECK(Fixture(true).complaint({"--jbos", "4", "--", "wc"}).starts_with("--jbos: no such"));
}

TEST_CASE("command line: words where none are expected are refused") {
  CommandLine line({.name = "test", .summary = "", .examples = {}});
  CHECK_THROWS_WITH_AS(line.parse({"word"}),
                       "'word' is no option, and no argument is expected; see shoal test --help",
                       Error);
  CommandLine one({.name = "test", .summary = "", .examples = {}});
  std::optional<std::string> target;
  one.positional("FILE", target, "a file");
  one.parse({"a"});
  CHECK(target == "a");
  CHECK_THROWS_WITH_AS(one.parse({"a", "b"}),
                       "FILE: only one is expected, and 'b' is one more; see shoal test --help",
                       Error);
}

TEST_CASE("command line: help and version come before complaints about values") {
  CHECK(Fixture().parse({"--jobs", "x", "--help"}) == CommandLine::Asked::help);
  CHECK(Fixture().parse({"-h"}) == CommandLine::Asked::help);
  CHECK(Fixture().parse({"-V", "--config", "/nowhere"}) == CommandLine::Asked::version);
  CHECK(Fixture(true).parse({"wc", "--help"}) == CommandLine::Asked::run);
}

TEST_CASE("command line: declarations can be read as data") {
  Fixture given;
  const auto& all = given.line.declarations();
  REQUIRE(all.size() == 17);
  CHECK(all[0].kind == Declaration::Kind::flag);
  CHECK(all[0].group == "Some");
  const Declaration& bind = all[4];
  CHECK(bind.kind == Declaration::Kind::list);
  CHECK(bind.name == "--bind");
  CHECK(bind.short_name == "-b");
  CHECK(bind.aliases == Words{"--listen"});
  CHECK(bind.value_name == "LIST");
  CHECK(bind.default_text == "5016,5017");
  CHECK(bind.environment == "SHOAL_TEST_BIND");
  CHECK(all[6].default_text == "4");
  CHECK(all[6].group == "Others");
  CHECK(all[8].default_text == "250ms");
  CHECK(all[10].default_text == "64M");
  CHECK(all[10].environment == "SHOAL_TEST_MAX_SIZE");
  CHECK(all[11].choices == Words{"red", "green"});
  CHECK(all[13].kind == Declaration::Kind::positionals);
  CHECK(all[15].name == "--help");
  CHECK(all[15].environment.empty());
}

TEST_CASE("command line: a number is held to what its type can hold") {
  CommandLine line({.name = "test", .summary = "", .examples = {}});
  std::uint8_t small = 1;
  line.number("--small", "N", small, -5, 1000, "a byte");
  CHECK_THROWS_WITH_AS(line.parse({"--small", "256"}),
                       "--small: '256' is not a number from 0 to 255; see shoal test --help",
                       Error);
}
