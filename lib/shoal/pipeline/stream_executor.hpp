#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include <shoal/pipeline/executor.hpp>
#include <shoal/runtime/buffering_hint.hpp>
#include <shoal/runtime/line_process.hpp>

namespace shoal::pipeline {

/// Mode `stream`: each slot keeps one process, which writes a line for each line it reads. When it
/// dies, or breaks that rule, all that the slot held fails, and the next run starts a fresh one.
class StreamExecutor : public Executor {
 public:
  StreamExecutor(runtime::Reactor& reactor, ExecutorOptions options, ExecutorEvents events);
  void start(StartRun run) override;

 private:
  struct Slot {
    std::unique_ptr<runtime::LineProcess> process;
    char delimiter = '\n';
    std::deque<StartRun> runs;    // oldest first
    runtime::Registration limit;  // of the oldest, where there is a timeout
  };

  void launch(Slot& slot, const StartRun& first);
  void watch_time(Slot& slot);
  void on_lines(Slot& slot, Bytes lines);
  void on_death(Slot& slot, const runtime::LineDeath& death);
  void fail_all(Slot& slot, const std::string& status, const std::string& error);

  runtime::Reactor& reactor_;
  ExecutorOptions options_;
  ExecutorEvents events_;
  std::string program_;
  runtime::BufferingHint hint_;
  std::vector<Slot> slots_;
};

}  // namespace shoal::pipeline
