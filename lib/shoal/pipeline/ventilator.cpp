#include <shoal/pipeline/port_glue.hpp>
#include <shoal/pipeline/ventilator.hpp>
#include <shoal/runtime/log.hpp>

namespace shoal::pipeline {
namespace {

constexpr Duration tick_period = std::chrono::milliseconds(100);
constexpr Duration commit_period = std::chrono::milliseconds(200);

std::optional<Journal> open_journal(const VentilatorOptions& options) {
  if (!options.journal) return std::nullopt;
  return std::optional<Journal>(std::in_place, *options.journal, options.job,
                                TaskInput::kind(options.input));
}

VentilatorCoreOptions core_options(const VentilatorOptions& options,
                                   const std::optional<Journal>& journal) {
  Id job = options.job.empty() ? Id::random() : Id::of_name(options.job);
  return {.job = journal ? journal->job() : job,
          .name = options.job,
          .attempts = options.attempts,
          .lease = options.lease,
          .window_bytes = options.window_bytes};
}

void check(const VentilatorOptions& options) {
  constexpr Duration shortest_lease = std::chrono::milliseconds(100);
  constexpr std::size_t longest_name = 1000;
  if (options.lease < shortest_lease) throw Error("--lease: at least 100ms", ExitCode::usage);
  if (options.job.size() > longest_name) throw Error("--job: at most 1000 bytes", ExitCode::usage);
}

net::PortOptions port_options(const VentilatorOptions& options) {
  net::PortOptions port{.binds = options.binds,
                        .connects = options.connects,
                        .role = "ventilator",
                        .accepts = {"worker"},
                        .node = Id::random(),
                        .limits = net::limits_for(options.input.max_task)};
  if (port.binds.empty() && port.connects.empty()) port.binds = {ventilator_endpoint};
  return port;
}

}  // namespace

Ventilator::Ventilator(net::Context& context, runtime::Reactor& reactor, VentilatorOptions options)
    : reactor_((check(options), reactor)),
      journal_(open_journal(options)),
      core_(core_options(options, journal_), journal_ ? journal_->restored() : JobState()),
      input_(reactor, options.input, journal_ ? &*journal_ : nullptr,
             [this] { input_ready_ = true; }),
      port_(context, reactor, port_options(options), *this) {
  began_over_ = was_finished();
  reading_ = reactor_.before_wait([this] { return read_some(); });
  ticking_ = reactor_.every(tick_period, [this] {
    if (reactor_.now() >= core_.next_tick()) core_.tick(reactor_.now());
    tell_too_large();
    pump();
  });
  if (journal_) committing_ = reactor_.every(commit_period, [this] { commit_journal(); });
}

Ventilator::~Ventilator() = default;

/// Offers one block, when the window has room and there is one; returns whether it did. What is
/// wrong with the input ends the reading; the tasks before it are settled first.
bool Ventilator::read_some() {
  if (!input_ready_ || input_error_ || !core_.wants_input()) return false;
  wire::Batch batch;
  TaskInput::State state = TaskInput::State::nothing;
  try {
    state = input_.next(batch);
  } catch (const Error& error) {
    input_error_ = error;
    if (core_.offered() > core_.settled()) {
      log_warning(std::string(error.what()) + "; the tasks before that are done first");
    }
    pump();
    return true;
  }
  input_ready_ = state == TaskInput::State::batch;
  if (state == TaskInput::State::nothing) return false;
  if (state == TaskInput::State::batch) core_.offer(std::move(batch), reactor_.now());
  if (state == TaskInput::State::end) core_.end_of_input(reactor_.now());
  pump();
  return true;
}

/// Waiting is never mute: once for each task that no worker takes.
void Ventilator::tell_too_large() {
  std::optional<VentilatorCore::TooLarge> task = core_.too_large();
  if (!task || told_too_large_ == task->seq) return;
  told_too_large_ = task->seq;
  log_warning("task " + std::to_string(task->seq) + " has " + std::to_string(task->bytes) +
              " bytes, more than any worker here takes; start one with a larger --max-size");
}

void Ventilator::on_up(PeerId peer, const wire::Hello& hello) {
  core_.on_up(peer, wire::slots_of(hello), wire::takes_of(hello));
  pump();
}

void Ventilator::on_message(PeerId peer, wire::Message message) {
  net::receive(port_, peer, wire::pipeline::decode(message), [&](wire::pipeline::Any any) {
    core_.on_message(peer, std::move(any), reactor_.now());
  });
  pump();
}

void Ventilator::on_down(PeerId peer, const net::Down& why) {
  core_.on_down(peer, why.left, reactor_.now());
  pump();
}

void Ventilator::pump() {
  // The end is in the journal before anyone hears of it: a sink that has heard of it may be gone
  // when a later run asks (PROTOCOL.md, PIPE-22).
  if (core_.over() && !committed_over_) {
    commit_journal();
    committed_over_ = true;
  }
  if (input_error_ && !core_.draining() && core_.settled() >= core_.offered()) return drain();
  post(core_.take_outbox(), port_);
  bool done = core_.finished() || (was_finished() && core_.over());
  if (!done || leaving_) return;
  leaving_ = true;
  commit_journal();
  port_.close(net::goodbye_limit);
}

void Ventilator::commit_journal() {
  if (!journal_) return;
  bool closed = journal_->closed() || (core_.complete() && core_.confirmed());
  journal_->commit(core_.state(), core_.total(), closed);
}

void Ventilator::drain() {
  core_.drain(!journal_, reactor_.now());
  pump();
}

bool Ventilator::finished() const {
  return leaving_ && port_.closed();
}

void Ventilator::leave_now() {
  commit_journal();
}

}  // namespace shoal::pipeline
