#include <shoal/base/utf8.hpp>
#include <shoal/pipeline/plain_worker.hpp>
#include <shoal/pipeline/port_glue.hpp>
#include <shoal/runtime/log.hpp>

namespace shoal::pipeline {
namespace {

constexpr int most_a_turn = 1000;

// One run of a command that takes many tasks gets what has come in, up to this.
constexpr std::uint64_t most_tasks_a_run = 1000;
constexpr std::size_t most_bytes_a_run = 128UL << 10;

// So many failures are told one by one; the rest only in the summary.
constexpr std::uint64_t most_warnings = 10;

net::PlainOptions socket_options(const PlainWorkerOptions& worker, std::vector<std::string> binds,
                                 std::vector<std::string> connects, const char* fallback,
                                 const char* peer) {
  if (binds.empty() && connects.empty()) connects = {fallback};
  net::PlainOptions plain{.binds = std::move(binds), .connects = std::move(connects), .peer = peer};
  plain.message_bytes = worker.executor.max_result;
  return plain;
}

}  // namespace

PlainWorker::PlainWorker(net::Context& context, runtime::Reactor& reactor,
                         PlainWorkerOptions options)
    : kind_(work_kind(options.executor)),
      most_runs_(std::size_t{options.executor.slots} * runs_a_slot(options.executor)),
      from_(context, reactor, net::PlainSocket::Kind::pull,
            socket_options(options, options.from_binds, options.from, ventilator_endpoint,
                           "ventilator"),
            [this] { return take_tasks(); }),
      to_(context, reactor, net::PlainSocket::Kind::push,
          socket_options(options, options.to_binds, options.to, sink_endpoint, "sink"),
          [this] { return bring_results(); }) {
  executor_ = make_executor(
      reactor, options.executor,
      {.finished = [this](RunId id, wire::Batch results) { on_finished(id, results); },
       .failed = [this](RunId id, const std::string& status, const std::string& error,
                        bool) { on_failed(id, status, error); }});
}

bool PlainWorker::take_tasks() {
  int count = 0;
  while (count < most_a_turn && results_.empty() && running_.size() < most_runs_) {
    std::optional<Bytes> task = from_.receive();
    if (!task) break;
    ++count;
    ++taken_;
    take(*task);
  }
  start_gathered();
  return count > 0;
}

void PlainWorker::take(const Bytes& task) {
  if (kind_ == WorkKind::instant) {
    ++done_;
    if (!results_.empty() || !to_.send(task)) results_.push_back(task);
    return;
  }
  if (task.view().find('\n') != std::string_view::npos) {
    start_gathered();
    return start(wire::sized_record(next_seq_, task));
  }
  gathered_.append(task.view()) += '\n';
  ++gathered_count_;
  bool full = gathered_count_ == most_tasks_a_run || gathered_.size() >= most_bytes_a_run;
  if (kind_ == WorkKind::single || full) start_gathered();
}

void PlainWorker::start_gathered() {
  if (gathered_count_ == 0) return;
  start({.range = {next_seq_, std::exchange(gathered_count_, 0)},
         .payload = Bytes::take(std::exchange(gathered_, {}))});
}

void PlainWorker::start(wire::Batch tasks) {
  RunId id = next_run_++;
  next_seq_ = tasks.range.end();
  running_[id] = tasks.range.count;
  executor_->start({.id = id, .job = job_, .tasks = std::move(tasks)});
}

void PlainWorker::on_finished(RunId id, const wire::Batch& results) {
  done_ += running_.extract(id).mapped();
  // The output of one task is one message; that of many is one a line.
  if (kind_ == WorkKind::single) {
    std::size_t size = wire::without_delimiter(results.payload, '\n').size();
    results_.push_back(results.payload.slice(0, size));
  } else {
    std::size_t offset = 0;
    while (offset < results.payload.size()) {
      std::string_view rest = results.payload.view().substr(offset);
      std::size_t size = std::min(rest.find('\n'), rest.size());
      results_.push_back(results.payload.slice(offset, size));
      offset += size + 1;
    }
  }
  to_.touch();
  from_.touch();
}

void PlainWorker::on_failed(RunId id, const std::string& status, const std::string& error) {
  std::uint64_t tasks = running_.extract(id).mapped();
  if (failed_ < most_warnings) {
    log_warning((tasks == 1 ? "a task" : std::to_string(tasks) + " tasks") +
                " without a result: " + status + (error.empty() ? "" : ": ") + printable(error));
  }
  failed_ += tasks;
  to_.touch();
  from_.touch();
}

/// Brings away what there is; once it is all gone there is room for more tasks.
bool PlainWorker::bring_results() {
  bool any = false;
  while (!results_.empty() && to_.send(results_.front())) {
    results_.pop_front();
    any = true;
  }
  if (results_.empty()) from_.touch();
  close_if_done();
  return any;
}

void PlainWorker::drain() {
  draining_ = true;
  from_.close();
  close_if_done();
}

void PlainWorker::close_if_done() {
  if (draining_ && running_.empty() && results_.empty()) to_.close();
}

}  // namespace shoal::pipeline
