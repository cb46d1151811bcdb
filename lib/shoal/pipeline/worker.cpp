#include <shoal/pipeline/port_glue.hpp>
#include <shoal/pipeline/worker.hpp>
#include <shoal/runtime/log.hpp>

namespace shoal::pipeline {
namespace {

constexpr Duration tick_period = std::chrono::milliseconds(100);
constexpr Duration missing_notice = std::chrono::seconds(1);

WorkerCoreOptions core_options(const WorkerOptions& options) {
  return {.kind = work_kind(options.executor),
          .slots = options.executor.slots,
          .runs_a_slot = runs_a_slot(options.executor),
          .once = options.once};
}

net::PortOptions port_options(const Id& node, std::size_t max_result,
                              std::vector<std::string> binds, std::vector<std::string> connects,
                              const char* fallback, const char* peer) {
  if (binds.empty() && connects.empty()) connects = {fallback};
  return {.binds = std::move(binds),
          .connects = std::move(connects),
          .role = "worker",
          .accepts = {peer},
          .node = node,
          .limits = net::limits_for(max_result)};
}

}  // namespace

class Worker::VentilatorSide : public net::PortEvents {
 public:
  explicit VentilatorSide(Worker& worker) : worker_(worker) {}

  void on_up(PeerId peer, const wire::Hello&) override {
    worker_.core_.on_ventilator_up(peer, worker_.reactor_.now());
    worker_.pump();
  }
  void on_message(PeerId peer, wire::Message message) override {
    net::receive(
        *worker_.from_, peer, wire::pipeline::decode(message), [&](wire::pipeline::Any any) {
          worker_.core_.on_ventilator_message(peer, std::move(any), worker_.reactor_.now());
        });
    worker_.pump();
  }
  void on_down(PeerId peer, const net::Down& why) override {
    worker_.core_.on_ventilator_down(peer, why.left, worker_.reactor_.now());
    worker_.pump();
  }

 private:
  Worker& worker_;
};

class Worker::SinkSide : public net::PortEvents {
 public:
  explicit SinkSide(Worker& worker) : worker_(worker) {}

  void on_up(PeerId peer, const wire::Hello& hello) override {
    auto text = [&](const char* name) {
      auto field = hello.fields.find(name);
      return field == hello.fields.end() ? std::string() : field->second;
    };
    std::optional<Id> id = Id::from_bytes(text(field::sink));
    if (!id) return worker_.to_->drop(peer, "its HELLO does not name a sink");
    worker_.core_.set_all_sinks(worker_.to_->all_dialled());
    worker_.core_.on_sink_up(
        peer, {.id = *id, .keeps = text(field::keeps) == "1", .takes = wire::takes_of(hello)},
        worker_.reactor_.now());
    worker_.pump();
  }
  void on_message(PeerId peer, wire::Message message) override {
    net::receive(*worker_.to_, peer, wire::pipeline::decode(message), [&](wire::pipeline::Any any) {
      worker_.core_.on_sink_message(peer, std::move(any), worker_.reactor_.now());
    });
    worker_.pump();
  }
  void on_down(PeerId peer, const net::Down&) override {
    worker_.core_.set_all_sinks(worker_.to_->all_dialled());
    worker_.core_.on_sink_down(peer, worker_.reactor_.now());
    worker_.pump();
  }

 private:
  Worker& worker_;
};

Worker::Worker(net::Context& context, runtime::Reactor& reactor, WorkerOptions options)
    : reactor_(reactor), core_(core_options(options)) {
  ExecutorEvents events{.finished =
                            [this](RunId id, wire::Batch results) {
                              core_.on_finished(id, std::move(results), reactor_.now());
                              pump();
                            },
                        .failed =
                            [this](RunId id, std::string status, std::string error, bool sure) {
                              core_.on_failed(id, std::move(status), std::move(error), sure,
                                              reactor_.now());
                              pump();
                            }};
  executor_ = make_executor(reactor, options.executor, std::move(events));
  ventilator_side_ = std::make_unique<VentilatorSide>(*this);
  sink_side_ = std::make_unique<SinkSide>(*this);
  const Id node = Id::random();
  net::PortOptions from = port_options(node, options.executor.max_result, options.from_binds,
                                       options.from, ventilator_endpoint, "ventilator");
  from.fields[wire::slots_field] = std::to_string(options.executor.slots);
  from.fields[wire::takes_field] = std::to_string(from.limits.message_bytes);
  from_ = std::make_unique<net::Port>(context, reactor, std::move(from), *ventilator_side_);
  to_ =
      std::make_unique<net::Port>(context, reactor,
                                  port_options(node, options.executor.max_result, options.to_binds,
                                               options.to, sink_endpoint, "sink"),
                                  *sink_side_);
  ticking_ = reactor_.every(tick_period, [this] {
    if (reactor_.now() >= core_.next_tick()) {
      core_.set_all_sinks(to_->all_dialled());
      core_.tick(reactor_.now());
    }
    tell_missing_sink();
    pump();
  });
}

Worker::~Worker() = default;

/// Carries out what the core wants. A run without a command finishes on the spot and comes back
/// here; the outer call then goes on.
void Worker::pump() {
  if (pumping_) return;
  pumping_ = true;
  for (std::vector<StartRun> starts = core_.take_starts(); !starts.empty();
       starts = core_.take_starts()) {
    for (StartRun& start : starts) executor_->start(std::move(start));
  }
  pumping_ = false;
  if (!from_ || !to_) return;
  post(core_.take_ventilator_outbox(), *from_);
  post(core_.take_sink_outbox(), *to_);
  watch_flush();
  if (!core_.finished() || leaving_) return;
  leaving_ = true;
  from_->close(net::goodbye_limit);
  to_->close(net::goodbye_limit);
}

void Worker::watch_flush() {
  if (flush_at_ == core_.next_flush()) return;
  flush_at_ = core_.next_flush();
  flushing_.reset();
  if (flush_at_ == never) return;
  flushing_ = reactor_.at(flush_at_, [this] {
    core_.flush(reactor_.now());
    pump();
  });
}

/// Waiting is never mute: after a while says which sink a job waits for. The Port tells when there
/// is none at all.
void Worker::tell_missing_sink() {
  std::optional<Id> missing = core_.missing_sink();
  if (missing != missing_) {
    missing_ = missing;
    missing_since_ = reactor_.now();
    told_missing_ = false;
  }
  if (!missing_ || told_missing_ || reactor_.now() - missing_since_ < missing_notice) return;
  told_missing_ = true;
  if (missing_->is_nil()) {
    log_info("waiting for every sink in --to before the job begins");
  } else {
    log_info("waiting for sink " + missing_->brief() +
             ", which keeps results of this job; start it again as it was, or, where its output is "
             "gone, run the job again with a new --journal");
  }
}

void Worker::drain() {
  core_.drain(reactor_.now());
  pump();
}

bool Worker::finished() const {
  return leaving_ && from_->closed() && to_->closed();
}

}  // namespace shoal::pipeline
