#include "baseline.hpp"

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <iostream>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <zmq.hpp>

#include <shoal/base/clock.hpp>
#include <shoal/base/error.hpp>
#include <shoal/base/fd.hpp>

#include "pubsub_roles.hpp"
#include "relays.hpp"
#include "reqrep_roles.hpp"

extern char** environ;

namespace shoal::bench {
namespace {

constexpr std::size_t block_bytes = 1UL << 20;
constexpr std::size_t blob_bytes = 128UL << 10;

// Deep enough that nobody waits for small messages, and no more than 64 MiB of blobs.
constexpr int most_lines = 10'000;
constexpr int most_blobs = 512;

using Arguments = std::vector<std::string>;

Fd open_input(const std::string& file) {
  Fd fd(open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) throw system_error("cannot open " + file);
  return fd;
}

std::size_t read_some(const Fd& fd, char* into, std::size_t most) {
  ssize_t count = 0;
  do {
    count = read(fd.get(), into, most);
  } while (count < 0 && errno == EINTR);
  if (count < 0) throw system_error("cannot read the input");
  return static_cast<std::size_t>(count);
}

void write_all(const Fd& fd, const char* at, std::size_t size) {
  while (size > 0) {
    ssize_t count = write(fd.get(), at, size);
    if (count < 0 && errno != EINTR) throw system_error("cannot write the output");
    if (count < 0) continue;
    at += count;
    size -= static_cast<std::size_t>(count);
  }
}

bool is_blobs(const std::string& word) {
  return word == "blobs";
}

zmq::socket_t make_socket(zmq::context_t& context, zmq::socket_type type, bool blobs) {
  zmq::socket_t socket(context, type);
  int most = blobs ? most_blobs : most_lines;
  socket.set(zmq::sockopt::sndhwm, most);
  socket.set(zmq::sockopt::rcvhwm, most);
  return socket;
}

/// PUSHes each line as a message, without its line feed.
void send_lines(const Fd& input, zmq::socket_t& out) {
  std::vector<char> block(block_bytes);
  std::size_t held = 0;
  while (std::size_t count = read_some(input, block.data() + held, block.size() - held)) {
    const char* at = block.data();
    const char* end = at + held + count;
    while (const void* feed = std::memchr(at, '\n', static_cast<std::size_t>(end - at))) {
      auto size = static_cast<std::size_t>(static_cast<const char*>(feed) - at);
      out.send(zmq::const_buffer(at, size), zmq::send_flags::none);
      at += size + 1;
    }
    held = static_cast<std::size_t>(end - at);
    std::memmove(block.data(), at, held);
    if (held == block.size()) block.resize(2 * block.size());
  }
}

/// PUSHes whole lines in blobs, each read straight into the message that carries it.
void send_blobs(const Fd& input, zmq::socket_t& out) {
  std::string rest;
  while (true) {
    auto* buffer = static_cast<char*>(std::malloc(rest.size() + blob_bytes));
    if (buffer == nullptr) throw std::bad_alloc();
    std::memcpy(buffer, rest.data(), rest.size());
    std::size_t size = rest.size() + read_some(input, buffer + rest.size(), blob_bytes);
    if (size == rest.size()) {
      std::free(buffer);
      return;
    }
    const void* feed = memrchr(buffer, '\n', size);
    std::size_t whole =
        feed == nullptr ? 0 : static_cast<std::size_t>(static_cast<const char*>(feed) - buffer) + 1;
    rest.assign(buffer + whole, size - whole);
    zmq::message_t message(buffer, whole, [](void* data, void*) { std::free(data); });
    if (whole > 0) out.send(message, zmq::send_flags::none);
  }
}

/// source FILE ENDPOINT lines|blobs, until it is killed: what libzmq still holds is not lost so
int run_source(const Arguments& arguments) {
  zmq::context_t context;
  bool blobs = is_blobs(arguments.at(2));
  zmq::socket_t out = make_socket(context, zmq::socket_type::push, blobs);
  out.bind(arguments.at(1));
  Fd input = open_input(arguments.at(0));
  if (blobs) {
    send_blobs(input, out);
  } else {
    send_lines(input, out);
  }
  while (true) pause();
}

/// forward FROM TO lines|blobs, until it is killed
int run_forward(const Arguments& arguments) {
  zmq::context_t context;
  bool blobs = is_blobs(arguments.at(2));
  zmq::socket_t in = make_socket(context, zmq::socket_type::pull, blobs);
  zmq::socket_t out = make_socket(context, zmq::socket_type::push, blobs);
  in.connect(arguments.at(0));
  out.connect(arguments.at(1));
  zmq::message_t message;
  while (true) {
    static_cast<void>(in.recv(message));
    out.send(message, zmq::send_flags::none);
  }
}

void keep_lines(zmq::socket_t& in, const Fd& output, std::uint64_t bytes) {
  std::vector<char> block(block_bytes);
  std::size_t held = 0;
  zmq::message_t message;
  for (std::uint64_t kept = 0; kept < bytes; kept += message.size() + 1) {
    static_cast<void>(in.recv(message));
    if (held + message.size() + 1 > block.size()) {
      write_all(output, block.data(), held);
      held = 0;
      if (message.size() + 1 > block.size()) block.resize(message.size() + 1);
    }
    std::memcpy(block.data() + held, message.data(), message.size());
    held += message.size();
    block[held++] = '\n';
  }
  write_all(output, block.data(), held);
}

void keep_blobs(zmq::socket_t& in, const Fd& output, std::uint64_t bytes) {
  zmq::message_t message;
  for (std::uint64_t kept = 0; kept < bytes; kept += message.size()) {
    static_cast<void>(in.recv(message));
    write_all(output, message.data<char>(), message.size());
  }
}

/// sink|dial-sink ENDPOINT FILE BYTES lines|blobs, until the file has so many bytes
int run_sink(const Arguments& arguments, bool dials) {
  zmq::context_t context;
  bool blobs = is_blobs(arguments.at(3));
  zmq::socket_t in = make_socket(context, zmq::socket_type::pull, blobs);
  if (dials) {
    in.connect(arguments.at(0));
  } else {
    in.bind(arguments.at(0));
  }
  Fd output(open(arguments.at(1).c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!output) throw system_error("cannot open " + arguments.at(1));
  std::uint64_t bytes = std::stoull(arguments.at(2));
  if (blobs) {
    keep_blobs(in, output, bytes);
  } else {
    keep_lines(in, output, bytes);
  }
  return 0;
}

/// spawn COUNT JOBS: runs `true` so many times, so many at a time
int run_spawn(const Arguments& arguments) {
  std::uint64_t count = std::stoull(arguments.at(0));
  std::uint64_t jobs = std::stoull(arguments.at(1));
  char name[] = "true";
  char* argv[] = {name, nullptr};
  std::uint64_t running = 0;
  for (std::uint64_t begun = 0; begun < count || running > 0;) {
    if (begun < count && running < jobs) {
      pid_t pid = 0;
      if (int failed = posix_spawnp(&pid, name, nullptr, nullptr, argv, environ)) {
        throw system_error("cannot run true", failed);
      }
      ++begun;
      ++running;
    } else {
      if (wait(nullptr) < 0) throw system_error("cannot wait for true");
      --running;
    }
  }
  return 0;
}

std::int64_t monotonic_ns() {
  return std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

/// await ENDPOINT NODE ARG...: starts a node that dials ENDPOINT, and prints how many nanoseconds
/// later its first message is here
int run_await(const Arguments& arguments) {
  zmq::context_t context;
  zmq::socket_t in(context, zmq::socket_type::router);
  in.set(zmq::sockopt::linger, 0);
  in.bind(arguments.at(0));
  std::vector<char*> argv;
  for (std::size_t i = 1; i < arguments.size(); ++i) {
    argv.push_back(const_cast<char*>(arguments[i].c_str()));
  }
  argv.push_back(nullptr);
  pid_t pid = 0;
  const std::int64_t begun = monotonic_ns();
  if (int failed = posix_spawnp(&pid, argv[0], nullptr, nullptr, argv.data(), environ)) {
    throw system_error("cannot run " + arguments.at(1), failed);
  }
  zmq::message_t message;
  static_cast<void>(in.recv(message));
  std::cout << monotonic_ns() - begun << std::endl;
  kill(pid, SIGKILL);
  waitpid(pid, nullptr, 0);
  return 0;
}

}  // namespace

int run_baseline(const Arguments& arguments) {
  try {
    Arguments rest(arguments.begin() + 1, arguments.end());
    const std::string& role = arguments.front();
    if (role == "source") return run_source(rest);
    if (role == "forward") return run_forward(rest);
    if (role == "sink" || role == "dial-sink") return run_sink(rest, role != "sink");
    if (role == "spawn") return run_spawn(rest);
    if (role == "await") return run_await(rest);
    if (is_pubsub_role(role)) return run_pubsub_role(role, rest);
    if (role == "echo") return run_bare_echo(rest);
    if (role == "ask") return run_bare_ask(rest);
    if (role == "shoal-ask") return run_shoal_ask(rest);
    if (role == "chat-relay") return run_relay(rest);
    std::cerr << "bench bare: no such role: " << role << "\n";
  } catch (const std::exception& error) {
    std::cerr << "bench bare: " << error.what() << "\n";
  }
  return 1;
}

}  // namespace shoal::bench
