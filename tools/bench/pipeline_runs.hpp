#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "child.hpp"
#include "workspace.hpp"

namespace shoal::bench {

/// The most memory that each node of a pipeline had resident.
struct PipelinePeaks {
  std::uint64_t ventilator = 0;
  std::uint64_t worker = 0;
  std::uint64_t sink = 0;
};

struct PipelineTimes {
  double seconds = 0;
  PipelinePeaks peaks;
};

/// Single runs of the pipeline and of what it is compared with. Each starts its processes, waits
/// for them to end, checks what stands in the output, and returns how many seconds that took from
/// the first start on. Throws Error when a process fails or an output is not whole.
class PipelineRuns {
 public:
  /// `nodes`: the folder of the nodes and of the bench itself. `work` outlives this.
  PipelineRuns(std::filesystem::path nodes, Workspace& work)
      : nodes_(std::move(nodes)), work_(work) {}

  /// Lines through a ventilator, `worker_count` workers with these arguments, and a sink into a
  /// file. Where `same_lines`, the output must be the input in any order.
  PipelineTimes shoal(const Input& input, int worker_count,
                      const std::vector<std::string>& arguments, bool same_lines);

  /// The same lines over the same hops by bare PUSH and PULL; `unit` is "lines" (a message a line)
  /// or "blobs" (128 KiB a message).
  double bare(const Input& input, int worker_count, const std::string& unit);

  /// `true` run `count` times, `jobs` at a time, by a bare posix_spawn loop, or by GNU parallel.
  double spawn_loop(std::uint64_t count, unsigned jobs);
  double gnu_parallel(const Input& input, unsigned jobs);

  /// Milliseconds from the start of a node to its first message at a peer that it dials with
  /// `flag`.
  double start_ms(const std::string& node, const std::string& flag);

 private:
  std::string program(const std::string& name) const { return (nodes_ / name).string(); }
  Exec bare_role(std::vector<std::string> arguments);

  std::filesystem::path nodes_;
  Workspace& work_;
};

}  // namespace shoal::bench
