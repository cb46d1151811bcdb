#include "reqrep_bench.hpp"

#include <fstream>

#include <shoal/app/logging.hpp>
#include <shoal/base/error.hpp>

#include "child.hpp"

namespace shoal::bench {
namespace {

/// What an asker finds out.
struct Asked {
  double rate = 0;
  double median_us = 0;
  double late_us = 0;  // the 99th percentile
};

struct Side {
  Samples rate;
  Samples median;
  Samples late;
};

class Runs {
 public:
  Runs(const ReqrepOptions& options, std::filesystem::path nodes)
      : options_(options), nodes_(std::move(nodes)), work_(options.transport) {}

  Asked bare(std::uint64_t count, std::uint64_t in_flight) {
    const std::string endpoint = work_.endpoint();
    Child echo({.argv = {program("bench"), "bare", "echo", endpoint}, .err = work_.fresh("err")});
    return ask({program("bench"), "bare", "ask"}, endpoint, count, in_flight);
  }

  Asked shoal(std::uint64_t count, std::uint64_t in_flight) {
    const std::string endpoint = work_.endpoint();
    Child replier({.argv = {program("replier"), "-q", "-b", endpoint}, .err = work_.fresh("err")});
    return ask({program("bench"), "bare", "shoal-ask"}, endpoint, count, in_flight);
  }

 private:
  std::string program(const std::string& name) const { return (nodes_ / name).string(); }

  Asked ask(std::vector<std::string> argv, const std::string& endpoint, std::uint64_t count,
            std::uint64_t in_flight) {
    const std::string result = work_.fresh("result");
    argv.push_back(endpoint);
    for (std::uint64_t number : {count, in_flight, options_.request_bytes}) {
      argv.push_back(std::to_string(number));
    }
    Child asker({.argv = std::move(argv), .out = result, .err = work_.fresh("err")});
    finish({&asker});
    Asked asked;
    std::ifstream(result) >> asked.rate >> asked.median_us >> asked.late_us;
    if (asked.rate <= 0) throw Error("an asker did not tell what it measured");
    return asked;
  }

  const ReqrepOptions& options_;
  std::filesystem::path nodes_;
  Workspace work_;
};

void add(Side& side, const Asked& alone, const Asked& many) {
  side.median.values.push_back(alone.median_us);
  side.late.values.push_back(alone.late_us);
  side.rate.values.push_back(many.rate);
}

}  // namespace

std::vector<Row> measure_reqrep(const ReqrepOptions& options, const std::filesystem::path& nodes) {
  constexpr double median_wanted = 1.25;
  constexpr double rate_wanted = 0.6;
  Runs runs(options, nodes);
  Side shoal;
  Side bare;
  for (int run = 1; run <= options.runs; ++run) {
    log_info("run " + std::to_string(run) + " of " + std::to_string(options.runs));
    add(bare, runs.bare(options.one_by_one, 1), runs.bare(options.requests, options.in_flight));
    add(shoal, runs.shoal(options.one_by_one, 1), runs.shoal(options.requests, options.in_flight));
  }
  const std::string against = "bare DEALER/ROUTER";
  const std::string many = "requests, " + std::to_string(options.in_flight) + " in flight";
  return {{.name = "request and reply, one at a time: p50",
           .unit = Unit::microseconds,
           .shoal = shoal.median,
           .against = against,
           .baseline = bare.median,
           .wanted = median_wanted},
          {.name = "the same: p99",
           .unit = Unit::microseconds,
           .shoal = shoal.late,
           .against = against,
           .baseline = bare.late,
           .wanted = std::nullopt},
          {.name = many,
           .unit = Unit::requests,
           .shoal = shoal.rate,
           .against = against,
           .baseline = bare.rate,
           .wanted = rate_wanted}};
}

}  // namespace shoal::bench
