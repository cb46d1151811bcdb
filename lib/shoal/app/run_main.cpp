#include <algorithm>
#include <exception>
#include <new>
#include <string>

#include <shoal/app/help_page.hpp>
#include <shoal/app/logging.hpp>
#include <shoal/app/print.hpp>
#include <shoal/app/run_main.hpp>
#include <shoal/app/version.hpp>
#include <shoal/runtime/startup.hpp>

namespace shoal::app {
namespace {

LoggingOptions logging_of(const std::string& node, const CommonOptions& common) {
  LoggingOptions options{.node = node, .least = LogLevel::info, .format = common.log_format};
  if (common.verbose == 1) options.least = LogLevel::debug;
  if (common.verbose > 1) options.least = LogLevel::trace;
  if (common.quiet) options.least = LogLevel::error;
  return options;
}

int parse_and_run(std::vector<std::string> arguments, const About& about, const Program& program) {
  CommandLine command_line(about);
  program.declare(command_line);
  declare_common(command_line, program.common);
  switch (command_line.parse(std::move(arguments))) {
    case CommandLine::Asked::help:
      print(help_page(about, command_line.declarations()));
      return 0;
    case CommandLine::Asked::version:
      print("shoal " + std::string(version()) + "\n");
      return 0;
    case CommandLine::Asked::run:
      break;
  }
  set_up_logging(logging_of(about.name, program.common));
  return program.run();
}

}  // namespace

int run_program(int argc, char** argv, About about, const Program& program) {
  runtime::fill_standard_fds();
  runtime::ignore_sigpipe();
  runtime::keep_freed_memory();
  try {
    set_up_logging({.node = about.name});
    return parse_and_run({argv + std::min(argc, 1), argv + argc}, about, program);
  } catch (const Error& error) {
    log_error(error.what());
    return static_cast<int>(error.code());
  } catch (const std::bad_alloc&) {
    log_error("out of memory; lower the limits on what is held at a time, or give it more");
  } catch (const std::exception& error) {
    log_error(error.what());
  }
  return static_cast<int>(ExitCode::error);
}

}  // namespace shoal::app
