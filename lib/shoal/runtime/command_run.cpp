#include <cerrno>
#include <sys/epoll.h>

#include <climits>

#include <shoal/runtime/command_run.hpp>
#include <shoal/runtime/startup.hpp>

namespace shoal::runtime {

CommandRun::CommandRun(Reactor& reactor, CommandSpec spec, std::function<void(Outcome)> done)
    : reactor_(reactor),
      input_(std::move(spec.input)),
      output_limit_(spec.output_limit),
      done_(std::move(done)),
      process_(reactor, [this](Exit exit) { on_exit(exit); }) {
  ignore_sigpipe();
  if (int error = start(spec.command, spec.watch_after)) {
    outcome_.kind = Outcome::Kind::not_started;
    outcome_.status = error;
    timer_ = reactor_.at(reactor_.now(), [this] { finish(); });
  } else if (spec.timeout > Duration(0)) {
    // Not the round's time: it may have begun long before.
    timer_ = reactor_.at(std::chrono::steady_clock::now() + spec.timeout, [this] { end(); });
  }
}

int CommandRun::start(const Command& command, Duration watch_after) {
  Pipe in;
  Pipe out;
  Pipe err;
  if (int error = open_input(in)) return error;
  if (int error = out.open()) return error;
  if (int error = err.open()) return error;
  Stdio stdio{in.out ? in.out.get() : null_device(), out.in.get(), err.in.get()};
  if (int error = process_.start(command, stdio)) return error;
  output_.emplace(std::move(out.out), [this](std::string_view text) { take_output(text); });
  errors_.emplace(std::move(err.out), [this](std::string_view text) { error_tail_.add(text); });
  if (watch_after > Duration(0)) {
    watching_ = reactor_.at(reactor_.now() + watch_after, [this] { watch_output(); });
  } else {
    watch_output();
  }
  if (!input_.empty()) {
    feeding_ = reactor_.watch(input_pipe_.get(), EPOLLOUT, [this](std::uint32_t) { feed(); });
  }
  return 0;
}

void CommandRun::watch_output() {
  output_->watch(reactor_);
  errors_->watch(reactor_);
}

// Most inputs fit into the pipe, and then nothing is left to do about them once the command runs.
int CommandRun::open_input(Pipe& pipe) {
  if (input_.empty()) return 0;
  if (int error = pipe.open()) return error;
  input_pipe_ = std::move(pipe.in);
  // An empty pipe has room for PIPE_BUF bytes at least.
  if (input_.size() > PIPE_BUF) set_nonblocking(input_pipe_.get());
  feed();
  return 0;
}

void CommandRun::feed() {
  while (!input_.empty()) {
    ssize_t written = write(input_pipe_.get(), input_.data(), input_.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && errno == EAGAIN) return;
    if (written < 0) break;  // EPIPE: the command does not read on, which is its right
    auto bytes = static_cast<std::size_t>(written);
    input_ = input_.slice(bytes, input_.size() - bytes);
  }
  input_ = {};
  feeding_.reset();
  input_pipe_.reset();
}

void CommandRun::take_output(std::string_view text) {
  std::size_t room = output_limit_ - outcome_.output.size();
  outcome_.output.append(text.substr(0, room));
  if (text.size() <= room) return;
  output_->close();
  if (!verdict_) verdict_ = Outcome::Kind::output_too_large;
  process_.kill_group(SIGKILL);
}

void CommandRun::end() {
  if (verdict_ || !process_.running()) return;
  verdict_ = Outcome::Kind::timed_out;
  process_.kill_group(SIGTERM);
  timer_ = reactor_.at(std::chrono::steady_clock::now() + kill_grace,
                       [this] { process_.kill_group(SIGKILL); });
}

void CommandRun::on_exit(Exit exit) {
  output_->finish();
  errors_->finish();
  if (verdict_) {
    outcome_.kind = *verdict_;
  } else {
    outcome_.kind = exit.signalled ? Outcome::Kind::signalled : Outcome::Kind::exited;
    outcome_.status = exit.status;
  }
  finish();
}

void CommandRun::finish() {
  feeding_.reset();
  watching_.reset();
  timer_.reset();
  outcome_.error_tail = error_tail_.take();
  std::function<void(Outcome)> done = std::move(done_);
  Outcome outcome = std::move(outcome_);
  done(std::move(outcome));  // may destroy this
}

Result<std::vector<std::string>> substitute(const std::vector<std::string>& argv,
                                            std::string_view text) {
  bool has_nul = text.find('\0') != std::string_view::npos;
  std::vector<std::string> replaced;
  replaced.reserve(argv.size());
  for (std::string_view argument : argv) {
    std::string& made = replaced.emplace_back();
    std::size_t at = 0;
    for (std::size_t hole; (hole = argument.find("{}", at)) != std::string_view::npos;) {
      if (has_nul) return Failure{"text with a NUL byte cannot be an argument of a command"};
      made.append(argument.substr(at, hole - at)).append(text);
      at = hole + 2;
    }
    made.append(argument.substr(at));
  }
  return replaced;
}

}  // namespace shoal::runtime
