#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <shoal/base/bytes.hpp>
#include <shoal/pipeline/ventilator_core.hpp>
#include <shoal/store/input_hash.hpp>
#include <shoal/store/ledger.hpp>

namespace shoal::pipeline {

/// A ventilator's journal: which tasks of a job are settled, and marks of its input by which a
/// later run sees that it reads the same input again. Lags behind the job by up to a commit; never
/// behind the announcement of its end.
class Journal {
 public:
  /// Opens or creates the journal of one job. `kind` tells how tasks are cut from the input
  /// (TaskInput::kind). Throws Error bad_data when it holds another job or another kind of
  /// input.
  Journal(const std::filesystem::path& path, const std::string& job_name, std::string_view kind);

  const Id& job() const { return row_.job; }

  /// What was settled when the journal was last committed.
  JobState restored() const;

  /// Whether the job was over and all sinks knew it.
  bool closed() const { return row_.closed; }

  /// Whether the input that a former run has read has not been seen yet.
  bool verifying() const { return !marks_.empty(); }

  /// Follows the input: `block` holds the next `count` tasks. Throws Error bad_data where it
  /// differs from what a former run read. Blocks may be handed out once they are verified: all that
  /// were taken in, whenever verifying() has become false or verified() covers them.
  void follow(std::string_view block, std::uint64_t count, char delimiter);

  /// How many tasks from the start are known to be the same input as before; beyond the last mark,
  /// all.
  std::uint64_t verified() const;

  /// The input has ended: throws Error bad_data when a former run had read more.
  void end_of_input() const;

  /// Makes the state durable. `closed`: the job is over and every sink knows it.
  void commit(const JobState& state, const std::optional<std::uint64_t>& total, bool closed);

 private:
  [[noreturn]] void refuse() const;
  void mark(bool stays);

  std::string path_;
  store::Ledger ledger_;
  store::JobRow row_;
  std::deque<store::InputMark> marks_;  // of a former run, not yet met
  store::InputHash hash_;
  std::uint64_t tasks_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint64_t marked_bytes_ = 0;           // up to the last mark that stays
  std::optional<std::uint64_t> last_tasks_;  // of the mark that the next one replaces
  std::uint64_t verified_ = 0;
};

}  // namespace shoal::pipeline
