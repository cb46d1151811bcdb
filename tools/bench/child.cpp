#include "child.hpp"

#include <algorithm>
#include <csignal>
#include <fcntl.h>
#include <fstream>
#include <poll.h>
#include <sstream>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <shoal/base/error.hpp>

namespace shoal::bench {
namespace {

constexpr int sample_ms = 20;
constexpr Duration longest_run = std::chrono::minutes(2);

void redirect(const std::string& file, int to, int flags) {
  int fd = open(file.empty() ? "/dev/null" : file.c_str(), flags, 0600);
  if (fd < 0 || dup2(fd, to) < 0) _exit(126);
  if (fd != to) close(fd);
}

[[noreturn]] void become(const Exec& exec, pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(126);
  std::signal(SIGPIPE, SIG_DFL);
  redirect(exec.in, STDIN_FILENO, O_RDONLY);
  redirect(exec.out, STDOUT_FILENO, O_WRONLY | O_CREAT | O_TRUNC);
  redirect(exec.err, STDERR_FILENO, O_WRONLY | O_CREAT | O_APPEND);
  std::vector<char*> argv;
  for (const std::string& argument : exec.argv) {
    argv.push_back(const_cast<char*>(argument.c_str()));
  }
  argv.push_back(nullptr);
  execvp(argv[0], argv.data());
  _exit(127);
}

std::string last_line(const std::string& file) {
  std::ifstream in(file);
  std::string line;
  std::string last;
  while (std::getline(in, line)) last = line;
  return last;
}

/// What the kernel says about a process that runs; 0 when it has ended.
std::uint64_t memory_of(pid_t pid, std::string_view which) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  std::string line;
  while (std::getline(status, line)) {
    if (!line.starts_with(which)) continue;
    std::istringstream fields(line.substr(which.size()));
    std::uint64_t kib = 0;
    fields >> kib;
    return kib << 10;
  }
  return 0;
}

}  // namespace

Child::Child(Exec exec) : exec_(std::move(exec)) {
  pid_t parent = getpid();
  pid_ = fork();
  if (pid_ < 0) throw system_error("cannot start " + exec_.argv.front());
  if (pid_ == 0) become(exec_, parent);
  pidfd_.reset(static_cast<int>(syscall(SYS_pidfd_open, pid_, 0)));
  if (!pidfd_) throw system_error("cannot watch " + exec_.argv.front());
}

Child::~Child() {
  if (pid_ <= 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

void Child::sample() {
  peak_ = std::max(peak_, memory_of(pid_, "VmHWM:"));
}

std::uint64_t Child::resident_bytes() const {
  return memory_of(pid_, "VmRSS:");
}

void Child::reap() {
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0) {
    if (errno != EINTR) throw system_error("cannot wait for " + exec_.argv.front());
  }
  pid_ = 0;
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
  std::string how = WIFEXITED(status) ? "exit status " + std::to_string(WEXITSTATUS(status))
                                      : "signal " + std::to_string(WTERMSIG(status));
  throw Error(exec_.argv.front() + " ended with " + how + ": " + last_line(exec_.err));
}

void finish(const std::vector<Child*>& children, const std::vector<Child*>& others) {
  const Time deadline = std::chrono::steady_clock::now() + longest_run;
  std::vector<Child*> running = children;
  while (!running.empty()) {
    std::vector<pollfd> waiting;
    for (Child* child : running) waiting.push_back({child->pidfd(), POLLIN, 0});
    int ready = poll(waiting.data(), waiting.size(), sample_ms);
    if (ready < 0 && errno != EINTR) throw system_error("cannot wait for the nodes");
    for (Child* other : others) other->sample();
    std::vector<Child*> left;
    for (std::size_t i = 0; i < running.size(); ++i) {
      if (ready > 0 && waiting[i].revents != 0) {
        running[i]->reap();
      } else {
        running[i]->sample();
        left.push_back(running[i]);
      }
    }
    running = std::move(left);
    if (!running.empty() && std::chrono::steady_clock::now() > deadline) {
      throw Error("a run takes too long; lower --lines or --tasks", ExitCode::timed_out);
    }
  }
}

}  // namespace shoal::bench
