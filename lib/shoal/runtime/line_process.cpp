#include <algorithm>
#include <cerrno>
#include <sys/epoll.h>

#include <shoal/base/assert.hpp>
#include <shoal/base/scan.hpp>
#include <shoal/runtime/command_run.hpp>
#include <shoal/runtime/line_process.hpp>
#include <shoal/runtime/startup.hpp>

namespace shoal::runtime {
namespace {

constexpr const char* too_many = "wrote more lines than it was given";

}  // namespace

LineProcess::LineProcess(Reactor& reactor, LineProcessOptions options, OnLines on_lines,
                         OnDeath on_death)
    : reactor_(reactor),
      options_(std::move(options)),
      on_lines_(std::move(on_lines)),
      on_death_(std::move(on_death)),
      buffer_(options_.block_bytes),
      process_(reactor, [this](Exit exit) { on_exit(exit); }) {
  ignore_sigpipe();
  if (int error = start()) {
    timer_ = reactor_.at(reactor_.now(), [this, error] {
      die(Outcome{.kind = Outcome::Kind::not_started, .status = error});
    });
  }
}

int LineProcess::start() {
  Pipe in;
  Pipe out;
  Pipe err;
  if (int error = in.open()) return error;
  if (int error = out.open()) return error;
  if (int error = err.open()) return error;
  set_nonblocking(in.in.get());
  enlarge_pipe(in.in.get());
  enlarge_pipe(out.out.get());
  Stdio stdio{in.out.get(), out.in.get(), err.in.get()};
  if (int error = process_.start(options_.command, stdio)) return error;
  input_ = std::move(in.in);
  output_ = std::move(out.out);
  errors_.emplace(std::move(err.out), [this](std::string_view text) { error_tail_.add(text); });
  errors_->watch(reactor_);
  reading_ = reactor_.watch(output_.get(), EPOLLIN, [this](std::uint32_t) { read_some(); });
  return 0;
}

void LineProcess::give(Bytes lines, std::uint64_t count) {
  SHOAL_ASSERT(count > 0 && !input_closed_);
  units_.push_back({count, count});
  if (!input_) return;
  unwritten_.push(std::move(lines));
  if (!writing_) write_some();
}

bool LineProcess::spoke_unasked() const {
  return units_.empty() && output_ && bytes_in_pipe(output_.get()) > 0;
}

void LineProcess::close_input() {
  input_closed_ = true;
  if (unwritten_.empty()) stop_writing();
}

void LineProcess::write_some() {
  while (!unwritten_.empty()) {
    ssize_t written = unwritten_.write_to(input_.get(), unwritten_.bytes());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && errno == EAGAIN) {
      if (writing_) return;
      writing_ = reactor_.watch(input_.get(), EPOLLOUT, [this](std::uint32_t) { write_some(); });
      return;
    }
    if (written < 0) {
      stop_writing();
      expect_exit("closed its stdin");
      return;
    }
  }
  writing_.reset();
  if (input_closed_) stop_writing();
}

void LineProcess::stop_writing() {
  unwritten_.clear();
  writing_.reset();
  input_.reset();
}

void LineProcess::read_some() {
  std::span<char> room = buffer_.room(options_.block_bytes);
  ssize_t bytes = read(output_.get(), room.data(), room.size());
  if (bytes < 0 && errno == EINTR) return;
  if (bytes <= 0) {
    reading_.reset();
    output_.reset();
    expect_exit("closed its stdout");
    return;
  }
  buffer_.filled(static_cast<std::size_t>(bytes));
  deliver();
}

void LineProcess::deliver() {
  while (!units_.empty()) {
    Unit& unit = units_.front();
    std::string_view fresh = buffer_.pending().substr(scanned_);
    NthByte found = find_nth(fresh, options_.delimiter, unit.missing);
    scanned_ += found.end;
    unit.missing -= found.count;
    if (scanned_ > options_.output_limit) {
      break_off(Outcome::Kind::output_too_large, {});
      return;
    }
    if (unit.missing > 0) return;
    std::uint64_t count = unit.count;
    if (units_.size() == 1 && buffer_.pending().size() > scanned_) {
      unit.missing = count;  // nobody knows which of the lines are the answer
      return break_off(Outcome::Kind::misbehaved, too_many);
    }
    units_.pop_front();
    on_lines_(buffer_.take(std::exchange(scanned_, 0)), count);
  }
  if (!buffer_.pending().empty()) {
    break_off(Outcome::Kind::misbehaved, too_many);
  }
}

// Nothing it writes from here on can be trusted to belong to a line.
void LineProcess::break_off(Outcome::Kind kind, std::string fault) {
  if (!verdict_) verdict_ = Outcome{.kind = kind, .fault = std::move(fault)};
  reading_.reset();
  output_.reset();
  stop_writing();
  process_.kill_group(SIGKILL);
}

// A process that exits lets go of its pipes first, so its exit code is most likely on its way.
void LineProcess::expect_exit(std::string fault) {
  if (input_closed_ || verdict_ || timer_) return;
  timer_ = reactor_.at(
      std::chrono::steady_clock::now() + kill_grace,
      [this, fault = std::move(fault)] { break_off(Outcome::Kind::misbehaved, fault); });
}

void LineProcess::read_rest() {
  std::size_t left = output_ ? bytes_in_pipe(output_.get()) : 0;
  while (left > 0 && output_) {
    std::span<char> room = buffer_.room(std::min(left, options_.block_bytes));
    ssize_t bytes = read(output_.get(), room.data(), room.size());
    if (bytes < 0 && errno == EINTR) continue;
    if (bytes <= 0) return;
    buffer_.filled(static_cast<std::size_t>(bytes));
    left -= static_cast<std::size_t>(bytes);
    deliver();
  }
}

void LineProcess::on_exit(Exit exit) {
  stop_writing();
  read_rest();
  errors_->finish();
  auto kind = exit.signalled ? Outcome::Kind::signalled : Outcome::Kind::exited;
  die(verdict_ ? std::move(*verdict_) : Outcome{.kind = kind, .status = exit.status});
}

void LineProcess::die(Outcome outcome) {
  reading_.reset();
  timer_.reset();
  output_.reset();
  outcome.error_tail = error_tail_.take();
  LineDeath death{.outcome = std::move(outcome)};
  for (const Unit& unit : units_) death.outstanding += unit.count;
  if (!units_.empty()) death.answered = units_.front().count - units_.front().missing;
  OnDeath on_death = std::move(on_death_);
  on_death(std::move(death));  // may destroy this
}

}  // namespace shoal::runtime
