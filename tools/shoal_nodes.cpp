#include "shoal_nodes.hpp"

#include <algorithm>
#include <array>

#include <shoal/app/suggest.hpp>
#include <shoal/base/error.hpp>

namespace shoal::tool {
namespace {

constexpr std::array all_nodes{
    Node{"ventilator", "hand out lines of input as tasks"},
    Node{"worker", "run tasks through a command and pass the results on"},
    Node{"sink", "collect results, each exactly once"},
    Node{"requester", "ask repliers, one request or a line of input each"},
    Node{"replier", "answer requests by a command"},
    Node{"publisher", "publish lines of input, live and as a stream that is kept"},
    Node{"subscriber", "print what publishers publish, live or from a stream"},
    Node{"chat_peer", "chat with other peers, in a terminal and in browsers"},
};

constexpr std::array all_helpers{
    Node{"bench", "measure shoal against bare libzmq"},
    Node{"log", "look into a publisher's log, check it, repair it"},
    Node{"keygen", "make the keys by which nodes know each other"},
};

}  // namespace

std::span<const Node> nodes() {
  return all_nodes;
}

std::span<const Node> helpers() {
  return all_helpers;
}

const Node& find_node(const std::string& typed) {
  std::string name = typed;
  std::replace(name.begin(), name.end(), '-', '_');
  std::vector<std::string> known;
  for (const std::span<const Node> entries : {nodes(), helpers()}) {
    for (const Node& entry : entries) {
      if (entry.name == name) return entry;
      known.emplace_back(entry.name);
    }
  }
  const auto meant = app::nearest(name, known);
  throw Error("there is no node '" + typed + "'" +
                  (meant ? " (did you mean " + *meant + "?)" : "") + "; see shoal help",
              ExitCode::usage);
}

std::vector<std::filesystem::path> places(const Node& node) {
  const auto here = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  return {here.parent_path() / "libexec" / "shoal" / node.name, here / node.name};
}

void refuse_missing(const Node& node) {
  const auto tried = places(node);
  throw Error("the node " + std::string(node.name) + " is not installed: neither " +
              tried[0].string() + " nor " + tried[1].string() + " is there");
}

}  // namespace shoal::tool
