#include "log_bench.hpp"

#include <algorithm>
#include <chrono>
#include <limits>

#include <shoal/app/logging.hpp>
#include <shoal/base/assert.hpp>
#include <shoal/base/clock.hpp>
#include <shoal/store/file.hpp>
#include <shoal/store/log_writer.hpp>

namespace shoal::bench {
namespace {

// What comes in one round of a busy publisher's loop.
constexpr std::uint64_t group_bytes = 1 << 20;
constexpr std::size_t read_bytes = 256 << 10;
constexpr std::string_view topic = "bench";

double seconds_since(std::chrono::steady_clock::time_point begun) {
  return seconds(std::chrono::steady_clock::now() - begun);
}

struct Load {
  std::uint64_t records = 0;
  std::string payload{};

  std::uint64_t record_bytes() const {
    return store::log_record_header_size + topic.size() + payload.size();
  }
  std::uint64_t group() const { return std::max<std::uint64_t>(1, group_bytes / payload.size()); }
};

double append_all(const Load& load, store::LogWriter& log) {
  std::vector<store::NewRecord> group(load.group(), {.topic = topic, .payload = load.payload});
  auto begun = std::chrono::steady_clock::now();
  for (std::uint64_t done = 0; done < load.records; done += group.size()) {
    group.resize(std::min<std::uint64_t>(group.size(), load.records - done));
    log.append(group, done);
    log.sync();
  }
  return seconds_since(begun);
}

double write_bare(const Load& load, const std::filesystem::path& path) {
  store::File file = store::File::make(path);
  std::string group(load.group() * load.record_bytes(), 'x');
  std::uint64_t all = load.records * load.record_bytes();
  auto begun = std::chrono::steady_clock::now();
  for (std::uint64_t at = 0; at < all; at += group.size()) {
    iovec part{group.data(), std::min<std::uint64_t>(group.size(), all - at)};
    file.write(at, {&part, 1});
    file.sync();
  }
  return seconds_since(begun);
}

double read_all(const Load& load, store::LogWriter& log) {
  std::unique_ptr<store::RecordReader> reader = log.reader();
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;
  auto begun = std::chrono::steady_clock::now();
  while (reader->position() < log.synced()) {
    store::ReadOutcome outcome = reader->next(log.synced(), read_bytes);
    for (const store::RecordView& record : std::get<store::RecordBlock>(outcome)) {
      records += 1;
      bytes += record.payload.size();
    }
  }
  double took = seconds_since(begun);
  SHOAL_ASSERT(records == load.records && bytes == load.records * load.payload.size());
  return took;
}

}  // namespace

std::vector<Row> measure_log(const BenchOptions& options) {
  std::vector<Row> rows;
  for (std::size_t size : {100, 1024}) {
    const std::string name = std::to_string(size) + " B records";
    Load load{.records = std::max<std::uint64_t>(1, options.lines * 10 / size),
              .payload = std::string(size, 'x')};
    Samples appended;
    Samples bare;
    Samples read;
    auto add = [&](Samples& samples, double took) {
      samples.values.push_back(static_cast<double>(load.records) / took);
    };
    for (int run = 1; run <= options.runs; ++run) {
      log_info(name + ", run " + std::to_string(run) + " of " + std::to_string(options.runs));
      Workspace work(options.transport);
      store::LogWriter log({.folder = work.fresh("log")});
      add(appended, append_all(load, log));
      add(bare, write_bare(load, work.fresh("bare")));
      add(read, read_all(load, log));
    }
    double bytes = static_cast<double>(load.record_bytes());
    bool small = size == 100;
    auto wanted = [&](double rate) { return small ? std::optional(rate) : std::nullopt; };
    rows.push_back(
        {"append " + name + ", 1 MiB a sync", Unit::lines, appended, "", {}, wanted(1e6), bytes});
    rows.push_back({"append " + name + ", 1 MiB a sync", Unit::lines, appended,
                    "bare write and fdatasync", bare, std::nullopt, bytes});
    rows.push_back({"read " + name, Unit::lines, read, "", {}, wanted(3e6), bytes});
  }
  return rows;
}

}  // namespace shoal::bench
