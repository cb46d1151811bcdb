#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <shoal/base/assert.hpp>
#include <shoal/base/error.hpp>
#include <shoal/runtime/process.hpp>
#include <shoal/runtime/startup.hpp>

namespace shoal::runtime {
namespace {

// All that the child needs, made ready before the fork: between vfork and exec it runs in our
// memory and may only make system calls.
struct ChildPlan {
  const char* program = nullptr;
  bool search = false;
  char* const* argv = nullptr;
  char* const* env = nullptr;
  std::array<int, 3> stdio{};
  pid_t parent = 0;
  const rlimit* fd_limit = nullptr;
  int error = 0;  // written by the child, read by us: its memory is ours
};

bool place_stdio(const std::array<int, 3>& wanted) {
  std::array<int, 3> from = wanted;
  // First out of the way: one that stands where another belongs would be overwritten.
  for (int& fd : from) {
    if (fd <= 2) fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
  }
  for (std::size_t i = 0; i < from.size(); ++i) {
    if (from[i] < 0) continue;  // shares one of ours that is closed
    if (dup2(from[i], static_cast<int>(i)) < 0) return false;
  }
  return true;
}

[[noreturn]] void become(ChildPlan& plan) {
  constexpr int exec_failed = 127;
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  // Had the parent died before that call, no signal would ever come.
  if (getppid() != plan.parent) _exit(exec_failed);
  if (place_stdio(plan.stdio)) {
    if (plan.fd_limit != nullptr) setrlimit(RLIMIT_NOFILE, plan.fd_limit);
    // exec resets handled signals; what else is ignored (SIGHUP under nohup) was so before us.
    signal(SIGPIPE, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    if (plan.search) {
      execvpe(plan.program, plan.argv, plan.env);
    } else {
      execve(plan.program, plan.argv, plan.env);
    }
  }
  plan.error = errno;
  _exit(exec_failed);
}

// vfork, because a fork's time grows with our memory. Signals wait meanwhile, so that no handler of
// ours runs in the child.
pid_t spawn(ChildPlan& plan) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pid_t pid = vfork();
  if (pid == 0) become(plan);
  if (pid < 0) plan.error = errno;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return pid;
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> all;
  all.reserve(texts.size() + 1);
  for (const std::string& text : texts) all.push_back(const_cast<char*>(text.c_str()));
  all.push_back(nullptr);
  return all;
}

bool same_name(const char* ours, const std::string& other) {
  SHOAL_ASSERT(other.find('=') != std::string::npos);
  return std::strncmp(ours, other.c_str(), other.find('=') + 1) == 0;
}

std::vector<char*> environment(const std::vector<std::string>& extra) {
  std::vector<char*> all = pointers(extra);
  all.pop_back();
  for (char** at = environ; at != nullptr && *at != nullptr; ++at) {
    bool replaced = std::any_of(extra.begin(), extra.end(),
                                [&](const std::string& other) { return same_name(*at, other); });
    if (!replaced) all.push_back(*at);
  }
  all.push_back(nullptr);
  return all;
}

// With SIGCHLD ignored, which a parent may have left us with, exit codes are thrown away.
void keep_exit_codes() {
  static const bool kept = [] {
    struct sigaction action {};
    if (sigaction(SIGCHLD, nullptr, &action) == 0 && action.sa_handler == SIG_IGN) {
      std::signal(SIGCHLD, SIG_DFL);
    }
    return true;
  }();
  static_cast<void>(kept);
}

int wait_for(pid_t pid) {
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

// By number: glibc 2.36 declares pidfd_open without C linkage.
int open_pidfd(pid_t pid) {
  return static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
}

bool executable(const std::filesystem::path& file) {
  struct stat info {};
  return stat(file.c_str(), &info) == 0 && S_ISREG(info.st_mode) &&
         faccessat(AT_FDCWD, file.c_str(), X_OK, AT_EACCESS) == 0;
}

}  // namespace

Process::Process(Reactor& reactor, std::function<void(Exit)> exited)
    : reactor_(reactor), exited_(std::move(exited)) {}

Process::~Process() {
  if (!running()) return;
  kill_group(SIGKILL);
  kill(pid_, SIGKILL);  // it may have moved to another group
  wait_for(pid_);
}

int Process::start(const Command& command, const Stdio& stdio) {
  SHOAL_ASSERT(!running() && !command.argv.empty());
  keep_exit_codes();
  std::vector<char*> argv = pointers(command.argv);
  std::vector<char*> env = environment(command.env);
  ChildPlan plan;
  plan.search = command.program.empty();
  plan.program = plan.search ? argv.front() : command.program.c_str();
  plan.argv = argv.data();
  plan.env = env.data();
  plan.stdio = {stdio.in, stdio.out, stdio.err};
  plan.parent = getpid();
  plan.fd_limit = fd_limit_before();

  pid_t pid = spawn(plan);
  if (pid < 0) return plan.error;
  if (plan.error != 0) {
    wait_for(pid);
    return plan.error;
  }
  pid_ = pid;
  pidfd_.reset(open_pidfd(pid));
  if (!pidfd_) {
    int error = errno;
    kill_group(SIGKILL);
    wait_for(std::exchange(pid_, 0));
    return error;
  }
  watching_ = reactor_.watch(pidfd_.get(), EPOLLIN, [this](std::uint32_t) { reap(); });
  return 0;
}

void Process::kill_group(int signal) {
  if (running()) kill(-pid_, signal);
}

void Process::reap() {
  kill_group(SIGKILL);
  int status = wait_for(std::exchange(pid_, 0));
  watching_.reset();
  pidfd_.reset();
  Exit exit{WIFSIGNALED(status), WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status)};
  std::function<void(Exit)> exited = exited_;  // it may destroy this
  exited(exit);
}

std::optional<std::filesystem::path> find_program(std::string_view name) {
  if (name.empty()) return std::nullopt;
  if (name.find('/') != std::string_view::npos) {
    if (!executable(name)) return std::nullopt;
    return std::filesystem::path(name);
  }
  const char* path = std::getenv("PATH");
  std::string_view left = path != nullptr ? path : "/bin:/usr/bin";
  while (true) {
    std::size_t end = left.find(':');
    std::string_view folder = left.substr(0, end);
    // An empty element is the current folder.
    std::filesystem::path file = std::filesystem::path(folder.empty() ? "." : folder) / name;
    if (executable(file)) return file;
    if (end == std::string_view::npos) return std::nullopt;
    left.remove_prefix(end + 1);
  }
}

std::string require_program(std::string_view name) {
  if (auto found = find_program(name)) return found->string();
  if (name.find('/') != std::string_view::npos && std::filesystem::exists(name)) {
    throw Error(
        "cannot run '" + std::string(name) + "': it is no program; chmod +x it, or name another",
        ExitCode::usage);
  }
  throw Error("cannot run '" + std::string(name) +
                  "': there is no such command; give its path or check PATH",
              ExitCode::usage);
}

}  // namespace shoal::runtime
