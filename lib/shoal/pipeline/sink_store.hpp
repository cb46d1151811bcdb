#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <shoal/pipeline/result_format.hpp>
#include <shoal/pipeline/sink_core.hpp>
#include <shoal/runtime/reactor.hpp>

namespace shoal::pipeline {

struct SinkStoreOptions {
  std::optional<std::filesystem::path> output;  ///< empty: stdout
  std::optional<std::filesystem::path> failed;  ///< dead letters; empty: nowhere
  ResultFormat format = ResultFormat::plain;
};

/// Where a sink's results go. Carries out the core's actions and makes them durable in groups. All
/// calls may throw Error: a full disk (incomplete), a file that cannot be written. Reactor's
/// thread.
class SinkStore {
 public:
  virtual ~SinkStore() = default;

  /// Whether results outlive a restart, and under which id the sink is then known.
  virtual std::optional<Id> lasting_id() const = 0;

  /// What a former run left.
  virtual std::vector<SinkJob> jobs() const { return {}; }
  virtual std::map<Id, std::vector<SeqRange>> aside() const { return {}; }

  /// Carries out one action; durable after the next commit.
  virtual void carry_out(SinkAction action) = 0;

  /// Begins to make durable what was carried out, together with what has changed of the jobs, and
  /// returns whether it is done. Where it is not yet, `committed` is called once it is.
  virtual bool commit(const std::vector<const SinkJob*>& changed) = 0;

  /// The output's reader is gone: there is no point in going on.
  virtual bool closed() const { return false; }

  /// Bytes carried out since the last commit.
  virtual std::uint64_t uncommitted() const = 0;

  /// The job is over and everybody knows it: lets go of what was kept to survive a crash. The last
  /// call.
  virtual void finish() {}
};

/// A ledger store for a regular file, else one for a stream. `committed` as in commit().
std::unique_ptr<SinkStore> make_sink_store(runtime::Reactor& reactor, SinkStoreOptions options,
                                           std::function<void()> committed);

}  // namespace shoal::pipeline
