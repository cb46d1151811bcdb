#include "pubsub_bench.hpp"

#include <algorithm>
#include <deque>
#include <fstream>

#include <shoal/base/error.hpp>
#include <shoal/runtime/log.hpp>

#include "child.hpp"

namespace shoal::bench {
namespace {

struct Load {
  std::uint64_t bytes;
  std::uint64_t subscribers;
};

constexpr Load loads[] = {{100, 1}, {100, 8}, {1024, 1}, {1024, 8}};

/// Messages a second that every subscriber gets; `kind` is "" for bare sockets, or "live-".
double rate(const std::string& kind, const Load& load, std::uint64_t messages,
            const std::filesystem::path& nodes, Workspace& work) {
  const std::string endpoint = work.endpoint();
  const std::string said = work.fresh("stderr");
  const std::string count = std::to_string(messages);
  const std::string bench = (nodes / "bench").string();
  Child publisher({.argv = {bench, "bare", kind + "pub", endpoint, count,
                            std::to_string(load.bytes), std::to_string(load.subscribers)},
                   .err = said});
  std::deque<Child> subscribers;
  std::vector<Child*> waiting;
  std::vector<std::string> results;
  for (std::uint64_t i = 0; i < load.subscribers; ++i) {
    results.push_back(work.fresh("result"));
    subscribers.emplace_back(Exec{.argv = {bench, "bare", kind + "sub", endpoint, count},
                                  .out = results.back(),
                                  .err = said});
    waiting.push_back(&subscribers.back());
  }
  finish(waiting);
  double slowest = 0;
  for (const std::string& result : results) {
    double nanoseconds = 0;
    std::ifstream(result) >> nanoseconds;
    if (nanoseconds <= 0) throw Error("a subscriber did not time its messages");
    slowest = std::max(slowest, nanoseconds);
  }
  return static_cast<double>(messages) / (slowest / 1e9);
}

}  // namespace

std::vector<Row> measure_pubsub(const PubsubOptions& options, const std::filesystem::path& nodes) {
  Workspace work(options.transport);
  std::vector<Row> rows;
  for (const Load& load : loads) {
    const bool one = load.subscribers == 1;
    rows.push_back({"live, " + std::to_string(load.bytes) + " B, " +
                        std::to_string(load.subscribers) + (one ? " subscriber" : " subscribers"),
                    Unit::messages,
                    {},
                    "bare PUB/SUB, same frames",
                    {},
                    0.8,
                    static_cast<double>(load.bytes)});
  }
  for (int run = 1; run <= options.runs; ++run) {
    log_info("run " + std::to_string(run) + " of " + std::to_string(options.runs));
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const std::uint64_t messages =
          std::max<std::uint64_t>(options.messages / loads[i].subscribers, 2);
      rows[i].shoal.values.push_back(rate("live-", loads[i], messages, nodes, work));
      rows[i].baseline.values.push_back(rate("", loads[i], messages, nodes, work));
    }
  }
  return rows;
}

}  // namespace shoal::bench
