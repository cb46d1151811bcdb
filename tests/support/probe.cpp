#include <chrono>
#include <cstdlib>
#include <iostream>
#include <new>
#include <stdexcept>

#include <shoal/app/logging.hpp>
#include <shoal/app/run_main.hpp>
#include <shoal/base/units.hpp>

namespace {

using namespace shoal;
using namespace shoal::app;

enum class Colour { red, green };

struct Options {
  bool flag = false;
  std::string text = "words";
  std::optional<std::string> note;
  std::vector<std::string> bind = {"5016"};
  int jobs = 4;
  Duration pause = std::chrono::milliseconds(250);
  std::optional<Duration> timeout;
  std::uint64_t max_size = 64U << 20;
  Colour colour = Colour::red;
  std::filesystem::path directory = "/tmp";
  std::optional<std::filesystem::path> output;
  std::string fail;
  std::vector<std::string> command;
  net::SecurityOptions security;
  CommonOptions common;
};

void declare(CommandLine& line, Options& options) {
  line.group("Endpoints");
  declare_endpoints(line, "-b,--bind,--listen", options.bind, "where to listen");
  line.group("One of each");
  line.flag("-f,--flag", options.flag, "take no value");
  line.option("--text", "TEXT", options.text, "take any text");
  line.option("--note", "TEXT", options.note, "take any text, or none");
  line.number("-j,--jobs", "N", options.jobs, 1, 1024, "take a whole number");
  line.option("--pause", "TIME", options.pause, "take a span of time");
  declare_timeout(line, options.timeout);
  line.size("--max-size", "SIZE", options.max_size, "take a size in bytes");
  line.choice<Colour>("--colour", "red|green", options.colour,
                      {{"red", Colour::red}, {"green", Colour::green}}, "take one of few words");
  line.option("--directory", "DIR", options.directory, "take a path");
  line.option("-o,--output", "FILE", options.output,
              "take a path, or none; this explanation is so long that it has to be broken into "
              "several lines, because a help page is at most a hundred columns wide");
  line.option("--fail", "HOW", options.fail, "end badly: 'error', 'exception', 'memory' or 'peer'");
  line.command("CMD [ARG...]", options.command, "words that are printed back");
  declare_security(line, options.security);
}

/// Prints what it was given, one `name=value` a line.
ExitCode run(const Options& options) {
  if (options.fail == "error") throw Error("it broke; mend it");
  if (options.fail == "exception") throw std::runtime_error("nobody caught this");
  if (options.fail == "memory") throw std::bad_alloc();
  if (options.fail == "peer") return ExitCode::no_peer;
  std::cout << "flag=" << options.flag << "\ntext=" << options.text
            << "\nnote=" << options.note.value_or("(none)") << "\njobs=" << options.jobs
            << "\npause=" << format_duration(options.pause)
            << "\ntimeout=" << (options.timeout ? format_duration(*options.timeout) : "(none)")
            << "\nmax-size=" << options.max_size
            << "\ncolour=" << (options.colour == Colour::red ? "red" : "green")
            << "\ndirectory=" << options.directory.string()
            << "\noutput=" << options.output.value_or("(none)").string() << "\n";
  for (const std::string& list : options.bind) std::cout << "bind=" << list << "\n";
  for (const std::string& word : options.command) std::cout << "word=" << word << "\n";
  log_debug("debugging");
  log_info("informing");
  log_warning("warning \x1b[31m of what is to come");
  return ExitCode::ok;
}

}  // namespace

int main(int argc, char** argv) {
  return run_main<Options>(
      argc, argv,
      {.name = "probe",
       .summary = "Prints the options that it was given, so that tests can see them.",
       .examples = {{"shoal probe -j 4 -- echo hello", "prints four jobs and two words"}}},
      declare, run);
}
