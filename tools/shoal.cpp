// shoal: the one name on PATH; becomes the node or the tool that it is told.

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <iostream>
#include <span>
#include <string>
#include <string_view>
#include <unistd.h>
#include <vector>

#include <shoal/app/logging.hpp>
#include <shoal/app/print.hpp>
#include <shoal/app/suggest.hpp>
#include <shoal/app/version.hpp>
#include <shoal/base/error.hpp>

namespace {

using shoal::Error;
using shoal::ExitCode;

struct Node {
  std::string_view name;  // of its executable
  std::string_view summary;
};

constexpr std::array nodes{
    Node{"ventilator", "hand out lines of input as tasks"},
    Node{"worker", "run tasks through a command and pass the results on"},
    Node{"sink", "collect results, each exactly once"},
};

constexpr std::array tools{
    Node{"bench", "measure shoal against bare libzmq"},
    Node{"keygen", "make the keys by which nodes know each other"},
    Node{"log", "look into a publisher's log, check it, repair it"},
};

std::string listing(std::span<const Node> entries) {
  constexpr std::size_t width = 10;
  std::string text;
  for (const Node& entry : entries) {
    std::string name(entry.name);
    name.resize(width, ' ');
    text += "  " + name + "  " + std::string(entry.summary) + "\n";
  }
  return text;
}

std::string help_text() {
  return "Usage: shoal NODE [OPTION...]\n"
         "\n"
         "Small programs that send each other messages directly, with no broker between them.\n"
         "\n"
         "NODES\n" +
         listing(nodes) +
         "\n"
         "TOOLS\n" +
         listing(tools) +
         "\n"
         "OPTIONS\n"
         "  -h, --help     print this page and exit\n"
         "  -V, --version  print the version and exit\n"
         "\n"
         "shoal help NODE tells all about one of them.\n"
         "\n"
         "EXAMPLES\n"
         "  shoal sink -o results.txt & shoal worker wc -c & shoal ventilator tasks.txt\n"
         "      runs each line of tasks.txt through wc -c, here or on as many machines as you "
         "like\n";
}

/// The executable's name: `chat-peer` may be typed for `chat_peer`.
const Node& find_node(const std::string& typed) {
  std::string name = typed;
  std::replace(name.begin(), name.end(), '-', '_');
  std::vector<std::string> known;
  for (const std::span<const Node> entries :
       {std::span<const Node>(nodes), std::span<const Node>(tools)}) {
    for (const Node& entry : entries) {
      if (entry.name == name) return entry;
      known.emplace_back(entry.name);
    }
  }
  const auto meant = shoal::app::nearest(name, known);
  throw Error("there is no node '" + typed + "'" +
                  (meant ? " (did you mean " + *meant + "?)" : "") + "; see shoal help",
              ExitCode::usage);
}

/// Becomes the node. Looks in libexec first: beside an installed shoal stand other people's
/// programs, beside one that was just built stand its nodes.
[[noreturn]] void become(const Node& node, const std::vector<std::string>& arguments) {
  const std::string title = "shoal " + std::string(node.name);
  std::vector<char*> argv{const_cast<char*>(title.c_str())};
  for (const std::string& argument : arguments) {
    argv.push_back(const_cast<char*>(argument.c_str()));
  }
  argv.push_back(nullptr);

  const auto here = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  const auto installed = here.parent_path() / "libexec" / "shoal" / node.name;
  const auto built = here / node.name;
  for (const auto& path : {installed, built}) {
    execv(path.c_str(), argv.data());
    if (errno != ENOENT && errno != ENOTDIR)
      throw shoal::system_error("cannot run " + path.string());
  }
  throw Error("the node " + std::string(node.name) + " is not installed: neither " +
              installed.string() + " nor " + built.string() +
              " is there; install all of shoal, or build that node");
}

int run(std::vector<std::string> arguments) {
  if (arguments.empty()) {
    std::cerr << help_text();
    return static_cast<int>(ExitCode::usage);
  }
  const std::string first = arguments.front();
  arguments.erase(arguments.begin());
  const bool asks_for_help = first == "help" || first == "-h" || first == "--help";
  if (asks_for_help && !arguments.empty()) become(find_node(arguments.front()), {"--help"});
  if (asks_for_help) {
    shoal::app::print(help_text());
    return 0;
  }
  if (first == "-V" || first == "--version" || first == "version") {
    shoal::app::print("shoal " + std::string(shoal::app::version()) + "\n");
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
