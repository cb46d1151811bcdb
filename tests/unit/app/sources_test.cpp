#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <unistd.h>

#include <doctest/doctest.h>

#include <shoal/app/command_line.hpp>
#include <shoal/app/config_file.hpp>
#include <shoal/base/error.hpp>

using namespace shoal;
using namespace shoal::app;

namespace {

/// A variable of the environment, for as long as this lives.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) { setenv(name, value, 1); }
  ~Variable() { unsetenv(name_); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
};

/// A config file, for as long as this lives.
class ConfigFile {
 public:
  explicit ConfigFile(const std::string& content) {
    std::string name = std::filesystem::temp_directory_path() / "shoal-config-XXXXXX";
    const int fd = mkstemp(name.data());
    REQUIRE(fd >= 0);
    close(fd);
    path_ = name;
    std::ofstream(path_) << content;
  }
  ~ConfigFile() { std::filesystem::remove(path_); }
  ConfigFile(const ConfigFile&) = delete;
  ConfigFile& operator=(const ConfigFile&) = delete;

  std::string path() const { return path_; }

 private:
  std::filesystem::path path_;
};

struct Fixture {
  Fixture() {
    line.number("-j,--jobs", "N", jobs, 1, 1024, "a number");
    line.flag("--fast", fast, "a flag");
    line.option("--bind", "LIST", bind, "a list");
    line.option("--text", "TEXT", text, "text");
    line.standard_options();
  }

  CommandLine line{About{.name = "test", .summary = "Tests.", .examples = {}}};
  int jobs = 1;
  bool fast = false;
  std::vector<std::string> bind;
  std::string text;
};

using Words = std::vector<std::string>;

}  // namespace

TEST_CASE("sources: the command line beats the environment, which beats the config file") {
  const ConfigFile file("jobs = 2\ntext = \"file\"\nfast = true\n");
  Fixture from_file;
  from_file.line.parse({"--config", file.path()});
  CHECK(from_file.jobs == 2);
  CHECK(from_file.text == "file");
  CHECK(from_file.fast);

  const Variable jobs("SHOAL_TEST_JOBS", "3");
  const Variable fast("SHOAL_TEST_FAST", "off");
  Fixture from_environment;
  from_environment.line.parse({"--config", file.path()});
  CHECK(from_environment.jobs == 3);
  CHECK(from_environment.text == "file");
  CHECK_FALSE(from_environment.fast);

  Fixture from_line;
  from_line.line.parse({"--config", file.path(), "-j4", "--fast"});
  CHECK(from_line.jobs == 4);
  CHECK(from_line.fast);
}

TEST_CASE("sources: the config file's own name can come from the environment") {
  const ConfigFile file("jobs = 2\n");
  const Variable config("SHOAL_TEST_CONFIG", file.path().c_str());
  Fixture given;
  given.line.parse({});
  CHECK(given.jobs == 2);
}

TEST_CASE("sources: a complaint names where the value came from") {
  const ConfigFile file("jobs = 0\n");
  Fixture in_file;
  const std::string expected =
      file.path() + ": jobs: '0' is not a number from 1 to 1024; see shoal test --help";
  CHECK_THROWS_WITH_AS(in_file.line.parse({"--config", file.path()}), expected.c_str(), Error);

  const Variable jobs("SHOAL_TEST_JOBS", "x");
  Fixture in_environment;
  CHECK_THROWS_WITH_AS(in_environment.line.parse({}),
                       "SHOAL_TEST_JOBS: 'x' is not a number from 1 to 1024; see shoal test --help",
                       Error);
}

TEST_CASE("sources: a config file that cannot be read or has unknown keys is a usage error") {
  Fixture missing;
  CHECK_THROWS_WITH_AS(
      missing.line.parse({"--config", "/nowhere/x.toml"}),
      "--config: cannot read the config file /nowhere/x.toml; see shoal test --help", Error);
  Fixture folder;
  CHECK_THROWS_AS(folder.line.parse({"--config", "/tmp"}), Error);
  for (const char* content :
       {"jbos = 2\n", "[test]\njbos = 2\n", "help = true\n", "config = \"x\"\n"}) {
    const ConfigFile file(content);
    Fixture given;
    CHECK_THROWS_AS(given.line.parse({"--config", file.path()}), Error);
  }
}

TEST_CASE("config file: a node's table beats the top, and other nodes' tables are left out") {
  const ConfigValues values = parse_config(
      "jobs = 2\ntext = \"top\"\n[other]\njobs = 9\nodd = 1\n[test]\njobs = 3\n", "test");
  CHECK(values == ConfigValues{{"jobs", {"3"}}, {"text", {"top"}}});
}

TEST_CASE("config file: arrays, quotes, and comments") {
  const ConfigValues values = parse_config(
      "# a comment\n"
      "bind = [\"5016,5017\", \"tcp://h:1\"]  # two\n"
      "text = \"a # b, c\"\n"
      "fast = false\n"
      "\n",
      "test");
  CHECK(values == ConfigValues{{"bind", {"5016,5017", "tcp://h:1"}},
                               {"text", {"a # b, c"}},
                               {"fast", {"false"}}});
}
