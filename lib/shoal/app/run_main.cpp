#include <algorithm>
#include <exception>
#include <new>
#include <optional>
#include <string>

#include <shoal/app/completion.hpp>
#include <shoal/app/help_page.hpp>
#include <shoal/app/logging.hpp>
#include <shoal/app/man_page.hpp>
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

/// What `shoal` asks for a page or a script that it makes: the node's declarations in that form.
std::optional<std::string> description(const std::vector<std::string>& arguments,
                                       const CommandLine& line) {
  constexpr std::string_view wish = "--describe=";
  if (arguments.size() != 1 || !arguments.front().starts_with(wish)) return std::nullopt;
  const std::string form = arguments.front().substr(wish.size());
  if (form == "man") return man_page(line.about(), line.declarations());
  if (auto shell = shell_named(form)) {
    return completion_part(*shell, line.about().name, line.declarations());
  }
  return std::nullopt;
}

int parse_and_run(std::vector<std::string> arguments, const About& about, const Program& program) {
  CommandLine command_line(about);
  program.declare(command_line);
  declare_common(command_line, program.common);
  if (auto text = description(arguments, command_line)) {
    print(*text);
    return 0;
  }
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
