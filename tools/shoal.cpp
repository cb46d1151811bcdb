// shoal: the one name on PATH; runs the nodes, and tells about them.

#include <algorithm>
#include <cerrno>
#include <iostream>
#include <string>
#include <unistd.h>
#include <vector>

#include <shoal/app/logging.hpp>
#include <shoal/app/print.hpp>
#include <shoal/app/version.hpp>
#include <shoal/base/error.hpp>

#include "shoal_nodes.hpp"
#include "shoal_pages.hpp"

namespace {

using shoal::Error;
using shoal::ExitCode;
using shoal::app::print;
using shoal::tool::find_node;
using Arguments = std::vector<std::string>;

[[noreturn]] void become(const shoal::tool::Node& node, const Arguments& arguments) {
  const std::string title = "shoal " + std::string(node.name);
  std::vector<char*> argv{const_cast<char*>(title.c_str())};
  for (const std::string& argument : arguments) {
    argv.push_back(const_cast<char*>(argument.c_str()));
  }
  argv.push_back(nullptr);
  for (const auto& path : shoal::tool::places(node)) {
    execv(path.c_str(), argv.data());
    if (errno != ENOENT && errno != ENOTDIR)
      throw shoal::system_error("cannot run " + path.string());
  }
  shoal::tool::refuse_missing(node);
}

int help(Arguments arguments) {
  const bool manual = std::erase(arguments, "--man") > 0;
  if (!arguments.empty()) {
    become(find_node(arguments.front()), {manual ? "--describe=man" : "--help"});
  }
  print(manual ? shoal::tool::own_man_page() : shoal::tool::help_text());
  return 0;
}

int run(Arguments arguments) {
  if (arguments.empty()) {
    std::cerr << shoal::tool::help_text();
    return static_cast<int>(ExitCode::usage);
  }
  const std::string first = arguments.front();
  arguments.erase(arguments.begin());
  if (first == "help" || first == "-h" || first == "--help") return help(arguments);
  if (first == "completion") {
    print(shoal::tool::completion(arguments.empty() ? "" : arguments.front()));
    return 0;
  }
  if (first == "-V" || first == "--version" || first == "version") {
    print("shoal " + std::string(shoal::app::version()) + "\n");
    return 0;
  }
  if (first.starts_with('-')) {
    throw Error(first + ": no such option; see shoal --help", ExitCode::usage);
  }
  become(find_node(first), arguments);
}

}  // namespace

int main(int argc, char** argv) {
  shoal::app::set_up_logging({.node = ""});
  try {
    return run({argv + std::min(argc, 1), argv + argc});
  } catch (const Error& error) {
    shoal::log_error(error.what());
    return static_cast<int>(error.code());
  } catch (const std::exception& error) {
    shoal::log_error(error.what());
    return static_cast<int>(ExitCode::error);
  }
}
