#include <csignal>
#include <cstring>
#include <system_error>

#include <shoal/runtime/outcome.hpp>

namespace shoal::runtime {
namespace {

std::string signal_name(int signal) {
  const char* name = sigabbrev_np(signal);
  return name != nullptr ? "SIG" + std::string(name) : "signal " + std::to_string(signal);
}

}  // namespace

std::string describe(const Outcome& outcome) {
  switch (outcome.kind) {
    case Outcome::Kind::exited:
      return "exit code " + std::to_string(outcome.status);
    case Outcome::Kind::signalled:
      return "killed by " + signal_name(outcome.status);
    case Outcome::Kind::timed_out:
      return "timed out";
    case Outcome::Kind::output_too_large:
      return "wrote more output than the limit allows";
    case Outcome::Kind::misbehaved:
      return outcome.fault;
    case Outcome::Kind::not_started:
      return "could not start: " + std::generic_category().message(outcome.status);
  }
  return {};
}

}  // namespace shoal::runtime
