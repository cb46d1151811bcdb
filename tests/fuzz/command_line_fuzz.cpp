// A command line: words that end with NUL, as in /proc/PID/cmdline.

#include <shoal/app/command_line.hpp>
#include <shoal/base/assert.hpp>
#include <shoal/base/error.hpp>

#include "target.hpp"

using namespace shoal;

namespace {

struct Options {
  bool flag = false;
  int count = 0;
  std::string text;
  std::vector<std::string> list;
  std::optional<Duration> timeout;
  std::uint64_t size = 7;
  std::uint16_t number = 1;
  int choice = 1;
  std::vector<std::string> files;
};

void declare(app::CommandLine& line, Options& options) {
  line.flag("-f,--flag", options.flag, "a flag");
  line.count("-v,--verbose", options.count, "counts");
  line.option("-t,--text", "TEXT", options.text, "text");
  line.option("-b,--bind,--listen", "LIST", options.list, "a list");
  line.option("-W,--timeout", "TIME", options.timeout, "a time");
  line.size("--size", "SIZE", options.size, "a size");
  line.number("-n,--number", "N", options.number, 1, 100'000, "a number");
  line.choice<int>("--choice", "a|b", options.choice, {{"a", 1}, {"b", 2}}, "one of two");
  line.positionals("FILE...", options.files, "files");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::vector<std::string> words;
  std::string_view rest = fuzz::text_of(data, size);
  while (!rest.empty()) {
    std::string_view word = rest.substr(0, rest.find('\0'));
    rest.remove_prefix(std::min(rest.size(), word.size() + 1));
    // A config file on this machine is another matter.
    if (word.find("-config") == std::string_view::npos) words.emplace_back(word);
  }
  Options options;
  app::CommandLine line({.name = "fuzz", .summary = "", .examples = {}});
  declare(line, options);
  line.standard_options();
  try {
    (void)line.parse(words);
    SHOAL_ASSERT(options.number >= 1 && (options.choice == 1 || options.choice == 2));
  } catch (const Error& error) {
    SHOAL_ASSERT(error.code() == ExitCode::usage);
  }
  return 0;
}

std::vector<std::string> fuzz::valid_inputs() {
  using namespace std::string_literals;
  return {"-fvv\0-n\0007\0--text=x\0file\0"s,
          "--bind\0a,b\0--listen=c\0-W\0001.5s\0--size\0001M\0"s,
          "--choice\0b\0--flag=false\0--\0-x\0"s,
          "-h\0"s,
          "--version\0"s,
          "-n1\0-tx\0-\0"s};
}

// Each builds a parser anew.
std::size_t fuzz::replayed_mutations() {
  return usual_mutations / 20;
}
