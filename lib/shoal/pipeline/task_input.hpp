#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <shoal/pipeline/journal.hpp>
#include <shoal/runtime/block_source.hpp>
#include <shoal/wire/batch.hpp>

namespace shoal::pipeline {

struct TaskInputOptions {
  std::vector<std::string> files;         ///< `-` and none at all are stdin
  char delimiter = '\n';                  ///< ends each task
  bool whole = false;                     ///< each file is one task
  std::size_t block_bytes = 128UL << 10;  ///< how much is read and handed out at a time
  std::size_t max_task = 64UL << 20;      ///< bytes of one task
};

/// A ventilator's input as batches of tasks, checked against the journal of a former run where
/// there is one: nothing is given out before it is known to be the same input. Reactor's thread
/// only.
class TaskInput {
 public:
  enum class State {
    batch,    ///< here is one
    nothing,  ///< none now; `ready` will be called
    end,
  };

  TaskInput(runtime::Reactor& reactor, TaskInputOptions options, Journal* journal,
            std::function<void()> ready);

  /// The next tasks, numbered on from the last ones. Throws Error: what cannot be read, a task that
  /// is too long (bad_data), input that differs from a former run's (bad_data).
  State next(wire::Batch& batch);

  /// How tasks are cut from the input, for the journal.
  static std::string_view kind(const TaskInputOptions& options);

 private:
  wire::Batch make_batch(Bytes block, std::uint64_t count);
  void follow(const wire::Batch& batch);

  TaskInputOptions options_;
  Journal* journal_;
  runtime::BlockSource source_;
  Seq next_seq_ = 0;
  std::deque<wire::Batch> unverified_;
  bool ended_ = false;
};

}  // namespace shoal::pipeline
