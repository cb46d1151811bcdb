#include <doctest/doctest.h>

#include <shoal/app/completion.hpp>
#include <shoal/app/man_page.hpp>

using namespace shoal::app;

namespace {

std::vector<Declaration> declarations() {
  return {{.kind = Declaration::Kind::list,
           .name = "--keep-it",
           .short_name = "-k",
           .aliases = {"--hold"},
           .value_name = "FILE",
           .default_text = "-",
           .help = ".hidden, 'quoted' and \\escaped [all]",
           .group = "Work",
           .environment = "SHOAL_TEST_KEEP_IT"},
          {.kind = Declaration::Kind::value,
           .name = "--mode",
           .value_name = "MODE",
           .help = "how",
           .group = "Work",
           .choices = {"one", "two"}}};
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("man page: options, with nothing that roff would take for a request") {
  const std::string page = man_page(
      {.name = "test", .summary = "Does it.", .examples = {{"shoal test", "x"}}}, declarations());
  CHECK(has(page, ".TH shoal\\-test 1 "));
  CHECK(has(page,
            ".TP\n\\fB\\-k\\fR, \\fB\\-\\-keep\\-it\\fR, \\fB\\-\\-hold\\fR \\fIFILE\\fR\n"
            "\\&.hidden, 'quoted' and \\eescaped [all].\n"
            "May be repeated.\n"
            "Default: \\-.\n"
            "Environment: SHOAL_TEST_KEEP_IT.\n"));
}

TEST_CASE("completion: text that means something to the shell is quoted") {
  CHECK(has(completion_part(Shell::zsh, "test", declarations()),
            R"('*--keep-it[.hidden, '\''quoted'\'' and \\escaped \[all\]]:FILE:_files')"));
  CHECK(has(completion_part(Shell::zsh, "test", declarations()),
            R"('(--mode)--mode[how]:MODE:(one two)')"));
  CHECK(has(completion_part(Shell::fish, "test", declarations()),
            R"( -s k -l keep-it -l hold -r -d '.hidden, \'quoted\' and \\escaped [all]')"));
  CHECK(has(completion_part(Shell::bash, "test", declarations()), "--mode) words='one two' ;;"));
}

TEST_CASE("completion: shells that are not known") {
  CHECK(shell_named("fish") == Shell::fish);
  CHECK_FALSE(shell_named("sh"));
}
