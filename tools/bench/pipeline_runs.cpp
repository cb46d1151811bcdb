#include "pipeline_runs.hpp"

#include <deque>
#include <fstream>

#include <shoal/base/error.hpp>

namespace shoal::bench {
namespace {

// A node whose peers have failed is not to wait for ever.
const std::vector<std::string> idle_limit{"-W", "60s"};

class Stopwatch {
 public:
  double seconds() const { return shoal::seconds(std::chrono::steady_clock::now() - begun_); }

 private:
  Time begun_ = std::chrono::steady_clock::now();
};

std::vector<std::string> operator+(std::vector<std::string> a, const std::vector<std::string>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

}  // namespace

PipelineTimes PipelineRuns::shoal(const Input& input, int worker_count,
                                  const std::vector<std::string>& arguments, bool same_lines) {
  const std::string from = work_.endpoint();
  const std::string to = work_.endpoint();
  const std::string output = work_.fresh("output");
  const std::string said = work_.fresh("stderr");
  Stopwatch watch;
  Child ventilator(
      {.argv = std::vector{program("ventilator"), std::string("-b"), from, input.file} + idle_limit,
       .err = said});
  Child sink(
      {.argv = std::vector{program("sink"), std::string("-b"), to, std::string("-o"), output} +
               idle_limit,
       .err = said});
  std::deque<Child> workers;
  std::vector<Child*> ends{&ventilator, &sink};
  std::vector<Child*> leaving;
  for (int i = 0; i < worker_count; ++i) {
    std::vector<std::string> argv{program("worker"), "--from", from, "--to", to, "--once"};
    workers.emplace_back(Exec{.argv = argv + idle_limit + arguments, .err = said});
    leaving.push_back(&workers.back());
  }
  finish(ends, leaving);
  PipelineTimes times{.seconds = watch.seconds()};
  finish(leaving);
  times.peaks = {ventilator.peak_bytes(), workers.front().peak_bytes(), sink.peak_bytes()};
  if (same_lines) work_.check_output(output, input);
  return times;
}

Exec PipelineRuns::bare_role(std::vector<std::string> arguments) {
  return {.argv = std::vector{program("bench"), std::string("bare")} + arguments,
          .err = work_.fresh("stderr")};
}

double PipelineRuns::bare(const Input& input, int worker_count, const std::string& unit) {
  const std::string from = work_.endpoint();
  const std::string to = work_.endpoint();
  const std::string output = work_.fresh("output");
  Stopwatch watch;
  Child source(bare_role({"source", input.file, from, unit}));
  Child sink(bare_role({"sink", to, output, std::to_string(input.bytes), unit}));
  std::deque<Child> workers;
  for (int i = 0; i < worker_count; ++i)
    workers.emplace_back(bare_role({"forward", from, to, unit}));
  finish({&sink});
  const double seconds = watch.seconds();
  work_.check_output(output, input);
  return seconds;
}

double PipelineRuns::spawn_loop(std::uint64_t count, unsigned jobs) {
  Stopwatch watch;
  Child loop(bare_role({"spawn", std::to_string(count), std::to_string(jobs)}));
  finish({&loop});
  return watch.seconds();
}

double PipelineRuns::gnu_parallel(const Input& input, unsigned jobs) {
  Stopwatch watch;
  Child parallel({.argv = {"parallel", "-j", std::to_string(jobs), "true"},
                  .in = input.file,
                  .out = "",
                  .err = work_.fresh("stderr")});
  finish({&parallel});
  return watch.seconds();
}

double PipelineRuns::start_ms(const std::string& node, const std::string& flag) {
  const std::string endpoint = work_.endpoint();
  const std::string result = work_.fresh("result");
  Exec exec = bare_role({"await", endpoint, program(node), flag, endpoint, "-q"});
  exec.out = result;
  Child await(std::move(exec));
  finish({&await});
  double nanoseconds = 0;
  std::ifstream(result) >> nanoseconds;
  if (nanoseconds <= 0) throw Error("the start of a " + node + " was not timed");
  return nanoseconds / 1e6;
}

}  // namespace shoal::bench
