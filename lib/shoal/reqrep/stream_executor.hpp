#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <shoal/reqrep/executor.hpp>
#include <shoal/runtime/buffering_hint.hpp>
#include <shoal/runtime/line_process.hpp>

namespace shoal::reqrep {

/// Mode `stream`: each slot keeps one process, which writes a line for each line it reads, one
/// request at a time. When it dies or breaks that rule its request fails; when its request is
/// stopped or its time is up it is killed. The next request starts a fresh one. A line that nobody
/// asked for is said in the log, and ends its process.
class StreamExecutor : public Executor {
 public:
  StreamExecutor(runtime::Reactor& reactor, ExecutorOptions options, Finished finished);
  ~StreamExecutor() override;
  void start(StartRun run) override;
  void stop(RunId run) override;

 private:
  struct Slot {
    std::unique_ptr<runtime::LineProcess> process;
    std::optional<RunId> run;
    runtime::Registration limit;
  };

  void launch(Slot& slot);
  void on_line(Slot& slot, const Bytes& line);
  void on_death(Slot& slot, runtime::LineDeath death);
  void tell_unasked() const;
  void finish(Slot& slot, Reply reply);

  runtime::Reactor& reactor_;
  ExecutorOptions options_;
  Finished finished_;
  std::string program_;
  runtime::BufferingHint hint_;
  std::vector<Slot> slots_;
};

}  // namespace shoal::reqrep
