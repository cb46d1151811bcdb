#include <algorithm>
#include <cctype>
#include <cerrno>

#include <shoal/reqrep/command_executor.hpp>
#include <shoal/reqrep/failure.hpp>
#include <shoal/runtime/process.hpp>

namespace shoal::reqrep {
namespace {

using runtime::Outcome;
using wire::reqrep::ReplyKind;

std::string header_variable(std::string_view key) {
  std::string name = "SHOAL_HEADER_";
  for (unsigned char letter : key) {
    bool plain = letter < 0x80 && std::isalnum(letter) != 0;
    name += plain ? static_cast<char>(std::toupper(letter)) : '_';
  }
  return name;
}

Reply reply_of(Outcome outcome, std::size_t max_output) {
  Reply reply{.output = Bytes::take(std::move(outcome.output))};
  switch (outcome.kind) {
    case Outcome::Kind::exited:
    case Outcome::Kind::signalled:
      reply.kind = outcome.kind == Outcome::Kind::exited ? ReplyKind::exited : ReplyKind::signalled;
      reply.status = static_cast<std::uint32_t>(outcome.status);
      reply.error = Bytes::take(std::move(outcome.error_tail));
      return reply;
    case Outcome::Kind::timed_out:
      reply.kind = ReplyKind::overran;
      reply.error = Bytes::take(std::move(outcome.error_tail));
      return reply;
    case Outcome::Kind::output_too_large:
      return too_much_output(max_output);
    case Outcome::Kind::not_started:
      if (outcome.status == E2BIG) return unfit("the command " + runtime::describe(outcome));
      break;
    case Outcome::Kind::misbehaved:
      break;
  }
  return failure("the command " + runtime::describe(outcome));
}

}  // namespace

Result<std::vector<std::string>> request_environment(const StartRun& run) {
  std::vector<std::string> environment{"SHOAL_REQUEST=" + run.id.hex(),
                                       "SHOAL_ATTEMPT=" + std::to_string(run.attempt)};
  for (const auto& [key, value] : run.headers) {
    if (value.find('\0') != std::string::npos) {
      return Failure{"a header with a NUL byte cannot be passed to a command"};
    }
    environment.push_back(header_variable(key) + "=" + value);
  }
  return environment;
}

CommandExecutor::CommandExecutor(runtime::Reactor& reactor, ExecutorOptions options,
                                 Finished finished)
    : reactor_(reactor),
      options_(std::move(options)),
      finished_(std::move(finished)),
      program_(runtime::require_program(options_.argv.front())) {}

void CommandExecutor::start(StartRun run) {
  Result<std::vector<std::string>> environment = request_environment(run);
  if (!environment) return finished_(run.run, unfit(environment.reason()));
  Result<std::vector<std::string>> argv = runtime::substitute(options_.argv, run.body);
  if (!argv) return finished_(run.run, unfit(argv.reason()));
  runtime::CommandSpec spec{
      .command = {.argv = std::move(*argv), .env = std::move(*environment), .program = program_},
      .input = run.body,
      .timeout = options_.timeout,
      .output_limit = options_.max_output};
  running_[run.run] = std::make_unique<runtime::CommandRun>(
      reactor_, std::move(spec),
      [this, id = run.run](Outcome outcome) { on_done(id, std::move(outcome)); });
}

void CommandExecutor::on_done(RunId run, Outcome outcome) {
  auto ended = running_.extract(run);
  finished_(run, reply_of(std::move(outcome), options_.max_output));
}

}  // namespace shoal::reqrep
