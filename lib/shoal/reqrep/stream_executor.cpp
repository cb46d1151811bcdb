#include <algorithm>

#include <shoal/base/assert.hpp>
#include <shoal/reqrep/failure.hpp>
#include <shoal/reqrep/stream_executor.hpp>
#include <shoal/runtime/log.hpp>
#include <shoal/runtime/process.hpp>

namespace shoal::reqrep {

StreamExecutor::StreamExecutor(runtime::Reactor& reactor, ExecutorOptions options,
                               Finished finished)
    : reactor_(reactor),
      options_(std::move(options)),
      finished_(std::move(finished)),
      program_(runtime::require_program(options_.argv.front())),
      hint_(reactor, options_.argv.front()),
      slots_(options_.slots) {}

StreamExecutor::~StreamExecutor() {
  for (const Slot& slot : slots_) {
    if (slot.process && slot.process->spoke_unasked()) tell_unasked();
  }
}

void StreamExecutor::start(StartRun run) {
  std::string_view text = run.body;
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (text.find('\n') != std::string_view::npos) {
    return finished_(
        run.run, unfit("the request holds a line feed, and --mode stream answers line by line"));
  }
  auto slot = std::ranges::find_if(slots_, [](const Slot& each) { return !each.run; });
  SHOAL_ASSERT(slot != slots_.end());
  slot->run = run.run;
  if (slot->process && slot->process->spoke_unasked()) {
    tell_unasked();
    slot->process.reset();
  }
  if (!slot->process) launch(*slot);
  if (options_.timeout > Duration(0)) {
    slot->limit = reactor_.at(reactor_.now() + options_.timeout, [this, &slot = *slot] {
      slot.process.reset();
      finish(slot, Reply{.kind = wire::reqrep::ReplyKind::overran});
    });
  }
  slot->process->give(Bytes::take(std::string(text) + '\n'), 1);
}

void StreamExecutor::stop(RunId run) {
  auto slot = std::ranges::find_if(slots_, [&](const Slot& each) { return each.run == run; });
  if (slot == slots_.end()) return;
  slot->process.reset();
  slot->limit.reset();
  slot->run.reset();
}

void StreamExecutor::launch(Slot& slot) {
  runtime::LineProcessOptions options{.command = {.argv = options_.argv, .program = program_},
                                      .output_limit = options_.max_output};
  slot.process = std::make_unique<runtime::LineProcess>(
      reactor_, std::move(options),
      [this, &slot](const Bytes& line, std::uint64_t) { on_line(slot, line); },
      [this, &slot](runtime::LineDeath death) { on_death(slot, std::move(death)); });
  hint_.asked();
}

void StreamExecutor::on_line(Slot& slot, const Bytes& line) {
  hint_.answered();
  // A copy where it is small: a slice would keep the whole block that it was read into.
  constexpr std::size_t small = 4096;
  Bytes text = line.slice(0, line.size() - 1);
  finish(slot, Reply{.output = text.size() <= small ? Bytes::copy(text) : std::move(text)});
}

void StreamExecutor::on_death(Slot& slot, runtime::LineDeath death) {
  slot.process.reset();
  if (!slot.run) {
    if (death.outcome.kind == runtime::Outcome::Kind::misbehaved) tell_unasked();
    return;
  }
  std::string reason = "the command " + runtime::describe(death.outcome);
  if (death.outcome.kind == runtime::Outcome::Kind::exited) {
    reason = "the command ended (" + runtime::describe(death.outcome) + ") and did not answer";
  }
  if (!death.outcome.error_tail.empty()) reason += "; its stderr: " + death.outcome.error_tail;
  bool too_much = death.outcome.kind == runtime::Outcome::Kind::output_too_large;
  finish(slot, too_much ? too_much_output(options_.max_output) : failure(std::move(reason)));
}

/// The answers before may have been wrong as well: a line too many that comes late is taken for the
/// answer to the request that came meanwhile.
void StreamExecutor::tell_unasked() const {
  log_error(
      options_.argv.front() +
      ": wrote a line that nobody had asked for, and is started afresh; answers before that may "
      "belong to other requests: --mode stream needs exactly one line for each line");
}

void StreamExecutor::finish(Slot& slot, Reply reply) {
  RunId run = *slot.run;
  slot.run.reset();
  slot.limit.reset();
  finished_(run, std::move(reply));
}

}  // namespace shoal::reqrep
