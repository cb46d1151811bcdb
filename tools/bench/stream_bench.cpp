#include "stream_bench.hpp"

#include <algorithm>
#include <deque>

#include <shoal/base/error.hpp>
#include <shoal/runtime/log.hpp>
#include <shoal/store/file.hpp>
#include <shoal/store/log_format.hpp>

#include "child.hpp"
#include "workspace.hpp"

namespace shoal::bench {
namespace {

// What a publisher takes in before it syncs, where input comes fast enough.
constexpr std::size_t group_bytes = 4UL << 20;
constexpr int reader_counts[] = {1, 8};

/// What one size of records is measured with.
struct Bench {
  const std::filesystem::path& nodes;
  Workspace& work;
  const Input& input;

  std::string program(const char* name) const { return (nodes / name).string(); }
};

template <typename Action>
double seconds_of(Action action) {
  Time begun = std::chrono::steady_clock::now();
  action();
  return seconds(std::chrono::steady_clock::now() - begun);
}

Exec publisher(const Bench& bench, const std::string& log, const std::string& stream,
               std::vector<std::string> more) {
  std::vector<std::string> argv{bench.program("publisher"),
                                "-q",
                                "-b",
                                bench.work.endpoint(),
                                "--stream-bind",
                                stream,
                                "--log",
                                log};
  argv.insert(argv.end(), more.begin(), more.end());
  return {.argv = std::move(argv), .err = bench.work.fresh("stderr")};
}

double append(const Bench& bench, const std::string& log) {
  return seconds_of([&] {
    Child node(publisher(bench, log, bench.work.endpoint(), {bench.input.file}));
    finish({&node});
  });
}

/// The octets that the log's records take, in groups, each written and synced.
double write_bare(const Bench& bench, std::uint64_t bytes) {
  store::File file = store::File::make(bench.work.fresh("bare"));
  std::string group(group_bytes, 'x');
  return seconds_of([&] {
    for (std::uint64_t at = 0; at < bytes; at += group.size()) {
      iovec part{group.data(), std::min<std::uint64_t>(group.size(), bytes - at)};
      file.write(at, {&part, 1});
      file.sync();
    }
  });
}

double replay(const Bench& bench, const std::string& log, int readers) {
  const std::string stream = bench.work.endpoint();
  Child serving(publisher(bench, log, stream, {"--stay"}));
  auto read = [&](std::vector<std::string> more) {
    std::vector<std::string> argv{bench.program("subscriber"), "-q", "--stream", stream};
    argv.insert(argv.end(), more.begin(), more.end());
    return Exec{.argv = std::move(argv), .err = bench.work.fresh("stderr")};
  };
  // The publisher checks its log before it serves it, which is no part of this.
  Child first(read({"-n", "1"}));
  finish({&first});
  return seconds_of([&] {
    std::deque<Child> nodes;
    std::vector<Child*> all;
    for (int i = 0; i < readers; ++i) {
      nodes.emplace_back(read({"-n", std::to_string(bench.input.lines)}));
      all.push_back(&nodes.back());
    }
    finish(all);
  });
}

/// A bare PUSH/PULL pair for each reader, one hop, in blobs.
double push_pull(const Bench& bench, int readers) {
  return seconds_of([&] {
    std::deque<Child> nodes;
    std::vector<Child*> sinks;
    for (int i = 0; i < readers; ++i) {
      const std::string endpoint = bench.work.endpoint();
      nodes.emplace_back(Exec{
          .argv = {bench.program("bench"), "bare", "source", bench.input.file, endpoint, "blobs"},
          .err = bench.work.fresh("stderr")});
      nodes.emplace_back(Exec{.argv = {bench.program("bench"), "bare", "dial-sink", endpoint,
                                       "/dev/null", std::to_string(bench.input.bytes), "blobs"},
                              .err = bench.work.fresh("stderr")});
      sinks.push_back(&nodes.back());
    }
    finish(sinks);
  });
}

}  // namespace

std::vector<Row> measure_stream(const BenchOptions& options, const std::filesystem::path& nodes) {
  std::vector<Row> rows;
  for (std::uint64_t size : {100, 1024}) {
    const std::string name = std::to_string(size) + " B records";
    Workspace work(options.transport);
    const std::uint64_t lines = std::max<std::uint64_t>(1, options.lines * 10 / size);
    Input input = work.write_lines(lines, size);
    Bench bench{nodes, work, input};
    const bool small = size == 100;
    auto rate = [&](double wanted) { return small ? std::optional(wanted) : std::nullopt; };
    const auto bytes = static_cast<double>(size);
    std::vector<Row> mine{
        {"append " + name + ", group sync", Unit::messages, {}, "", {}, rate(1e6), bytes},
        {"append " + name + ", group sync",
         Unit::messages,
         {},
         "bare write and fdatasync",
         {},
         std::nullopt,
         bytes}};
    for (int readers : reader_counts) {
      mine.push_back({"replay " + name + ", " + std::to_string(readers) + " reader" +
                          (readers == 1 ? "" : "s, each"),
                      Unit::messages,
                      {},
                      "bare PUSH/PULL, 128 KiB a message",
                      {},
                      std::nullopt,
                      bytes});
    }
    mine.push_back(mine[2]);
    mine.back().against = "";
    mine.back().wanted = rate(3e6);
    for (int run = 1; run <= options.runs; ++run) {
      log_info(name + ", run " + std::to_string(run) + " of " + std::to_string(options.runs));
      auto per_second = [&](double took) { return static_cast<double>(lines) / took; };
      const std::string log = work.fresh("log");
      double appended = per_second(append(bench, log));
      mine[0].shoal.values.push_back(appended);
      mine[1].shoal.values.push_back(appended);
      std::uint64_t stored = lines * (size - 1 + store::log_record_header_size + 3);
      mine[1].baseline.values.push_back(per_second(write_bare(bench, stored)));
      for (std::size_t i = 0; i < std::size(reader_counts); ++i) {
        double replayed = per_second(replay(bench, log, reader_counts[i]));
        mine[2 + i].shoal.values.push_back(replayed);
        mine[2 + i].baseline.values.push_back(per_second(push_pull(bench, reader_counts[i])));
        if (i == 0) mine.back().shoal.values.push_back(replayed);
      }
    }
    rows.insert(rows.end(), mine.begin(), mine.end());
  }
  return rows;
}

}  // namespace shoal::bench
