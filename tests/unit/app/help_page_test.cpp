#include <algorithm>
#include <sstream>

#include <doctest/doctest.h>

#include <shoal/app/help_page.hpp>
#include <shoal/app/suggest.hpp>
#include <shoal/app/version.hpp>

using namespace shoal::app;

namespace {

About about() {
  return {.name = "test",
          .summary = "Does it.",
          .examples = {{"shoal test x", "does it to x"}},
          .exit_statuses = {{"0", "done"}, {"128+n", "ended by signal n"}}};
}

}  // namespace

TEST_CASE("help page: the whole of a small one") {
  const std::vector<Declaration> declarations{
      {.kind = Declaration::Kind::value,
       .name = "--jobs",
       .short_name = "-j",
       .aliases = {"--procs"},
       .value_name = "N",
       .default_text = "4",
       .help = "how many at a time",
       .group = "Work",
       .environment = "SHOAL_TEST_JOBS"},
      {.kind = Declaration::Kind::positionals, .name = "FILE...", .help = "input", .group = "Work"},
      {.name = "--help", .short_name = "-h", .help = "print this", .group = "Common"}};
  CHECK(help_page(about(), declarations) ==
        "Usage: shoal test [OPTION...] [FILE...]\n"
        "\n"
        "Does it.\n"
        "\n"
        "WORK\n"
        "  -j, --jobs N  how many at a time (also --procs) [default: 4]\n"
        "  FILE...       input\n"
        "\n"
        "COMMON\n"
        "  -h, --help    print this\n"
        "\n"
        "An option may also come from the environment (--jobs from SHOAL_TEST_JOBS) or from the "
        "--config\n"
        "file, at its top or under [test]. The command line beats the environment, which beats the "
        "file.\n"
        "\n"
        "EXAMPLES\n"
        "  shoal test x\n"
        "      does it to x\n"
        "\n"
        "EXIT STATUS\n"
        "  0      done\n"
        "  128+n  ended by signal n\n");
}

TEST_CASE("help page: no line passes a hundred columns, however long the help") {
  std::string help;
  for (int i = 0; i < 60; ++i) help += "word" + std::to_string(i) + " ";
  const std::vector<Declaration> declarations{{.kind = Declaration::Kind::value,
                                               .name = "--a-name-so-long-that-its-help-goes-below",
                                               .value_name = "SOMETHING",
                                               .help = help,
                                               .group = "Work"},
                                              {.name = "--short", .help = help, .group = "Work"}};
  std::istringstream page(help_page(about(), declarations));
  for (std::string line; std::getline(page, line);) {
    CAPTURE(line);
    CHECK(line.size() <= help_width);
    CHECK_FALSE(line.ends_with(' '));
  }
}

TEST_CASE("help page: wrapping keeps every word and fills lines to the last column") {
  const std::string ninety(90, 'x');
  CHECK(wrapped(ninety + " " + "123456789", 0, 2) == ninety + " 123456789");
  CHECK(wrapped(ninety + " " + "1234567890", 0, 2) == ninety + "\n  1234567890");
  CHECK(wrapped("a  b", 0, 0) == "a b");
  CHECK(wrapped("", 5, 5).empty());
}

TEST_CASE("suggest: the nearest name within a few slips") {
  const std::vector<std::string> known{"worker", "sink", "ventilator", "--jobs"};
  CHECK(nearest("wroker", known) == "worker");
  CHECK(nearest("workers", known) == "worker");
  CHECK(nearest("snik", known) == "sink");
  CHECK(nearest("vent", known) == "ventilator");
  CHECK(nearest("--job", known) == "--jobs");
  CHECK_FALSE(nearest("publisher", known).has_value());
  CHECK_FALSE(nearest("x", known).has_value());
  CHECK_FALSE(nearest(std::string(100000, 'w'), known).has_value());
}

TEST_CASE("version: three numbers") {
  CHECK(std::count(version().begin(), version().end(), '.') == 2);
}
