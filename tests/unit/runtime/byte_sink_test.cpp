#include <array>
#include <csignal>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unit/runtime/fixture.hpp>

#include <doctest/doctest.h>

#include <shoal/runtime/byte_sink.hpp>
#include <shoal/runtime/pipe.hpp>

using namespace shoal;
using namespace shoal::runtime;
using State = ByteSink::State;

namespace {

struct Sink {
  explicit Sink(int fd)
      : sink(reactor, fd, "standard output",
             {.drained = [this] { ++drained; }, .stopped = [this] { ++stopped; }}) {}

  Reactor reactor;
  int drained = 0;
  int stopped = 0;
  ByteSink sink;
};

std::string piece(std::size_t i) {
  return std::to_string(i) + std::string(i % 5000, '.') + "\n";
}

/// Writes more than any pipe holds while nobody reads, then reads it all, a little at a time.
void write_past_a_slow_reader(int write_end, int read_end) {
  int flags = fcntl(write_end, F_GETFL);
  Sink sink(write_end);
  std::string expected;
  for (std::size_t i = 0; i < 2000; ++i) {
    expected += piece(i);
    sink.sink.write(Bytes::take(piece(i)));
  }
  CHECK(sink.sink.pending_bytes() == expected.size());
  for (int i = 0; i < 100; ++i) sink.reactor.run_once(Duration(0));
  CHECK(sink.sink.pending_bytes() > 0);
  CHECK(sink.sink.pending_bytes() < expected.size());
  CHECK(sink.drained == 0);
  std::string got;
  std::array<char, 10'000> buffer{};
  auto reading = sink.reactor.watch(read_end, EPOLLIN, [&](std::uint32_t) {
    ssize_t bytes = read(read_end, buffer.data(), buffer.size());
    if (bytes > 0) got.append(buffer.data(), static_cast<std::size_t>(bytes));
  });
  run_until(sink.reactor, [&] { return got.size() == expected.size(); });
  CHECK(got == expected);
  run_until(sink.reactor, [&] { return sink.drained == 1; });
  CHECK(sink.sink.pending_bytes() == 0);
  CHECK(sink.sink.state() == State::open);
  CHECK(fcntl(write_end, F_GETFL) == flags);
}

}  // namespace

TEST_CASE("byte sink: a slow reader of a pipe holds up nothing and misses nothing") {
  Pipe pipe;
  REQUIRE(pipe.open() == 0);
  write_past_a_slow_reader(pipe.in.get(), pipe.out.get());
}

TEST_CASE("byte sink: so does one of what cannot be opened anew") {
  std::array<int, 2> ends{};
  REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
  Fd one(ends[0]);
  Fd other(ends[1]);
  write_past_a_slow_reader(one.get(), other.get());
}

TEST_CASE("byte sink: what is written in a round goes out together, or on flush") {
  Pipe pipe;
  REQUIRE(pipe.open() == 0);
  Sink sink(pipe.in.get());
  sink.sink.write(Bytes::copy("a"));
  sink.sink.write(Bytes::copy("b"));
  CHECK(bytes_in_pipe(pipe.out.get()) == 0);
  sink.sink.flush();
  CHECK(bytes_in_pipe(pipe.out.get()) == 2);
  CHECK(sink.sink.pending_bytes() == 0);
  run_until(sink.reactor, [&] { return sink.drained == 1; });
}

TEST_CASE("byte sink: a reader that goes closes it quietly") {
  Pipe pipe;
  REQUIRE(pipe.open() == 0);
  Sink sink(pipe.in.get());
  sink.sink.write(Bytes::take(std::string(4 << 20, 'x')));
  for (int i = 0; i < 10; ++i) sink.reactor.run_once(Duration(0));
  CHECK(sink.sink.pending_bytes() > 0);
  pipe.out.reset();
  run_until(sink.reactor, [&] { return sink.stopped == 1; });
  CHECK(sink.sink.state() == State::closed);
  CHECK(sink.sink.pending_bytes() == 0);
  sink.sink.write(Bytes::copy("more"));
  CHECK(sink.sink.pending_bytes() == 0);
  sink.reactor.run_once(Duration(0));
  CHECK(sink.stopped == 1);
}

TEST_CASE("byte sink: a reader that is gone is noticed with nothing to write") {
  Pipe pipe;
  REQUIRE(pipe.open() == 0);
  Sink sink(pipe.in.get());
  sink.reactor.run_once(Duration(0));
  CHECK(sink.stopped == 0);
  pipe.out.reset();
  run_until(sink.reactor, [&] { return sink.stopped == 1; });
  CHECK(sink.sink.state() == State::closed);
}

TEST_CASE("byte sink: a pipe without a reader from the start is closed") {
  Pipe pipe;
  REQUIRE(pipe.open() == 0);
  pipe.out.reset();
  Sink sink(pipe.in.get());
  sink.sink.write(Bytes::copy("x"));
  run_until(sink.reactor, [&] { return sink.stopped == 1; });
  CHECK(sink.sink.state() == State::closed);
}

TEST_CASE("byte sink: a file gets everything in order, from where it stands") {
  TempDir dir;
  Fd file(open(dir.write("out", "head\n").c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
  REQUIRE(file);
  Sink sink(file.get());
  std::string expected = "head\n";
  for (std::size_t i = 0; i < 2000; ++i) {
    expected += piece(i);
    sink.sink.write(Bytes::take(piece(i)));
  }
  run_until(sink.reactor, [&] { return sink.drained == 1; });
  CHECK(dir.read("out") == expected);
}

TEST_CASE("byte sink: a full disk is an error with a remedy") {
  Fd full(open("/dev/full", O_WRONLY | O_CLOEXEC));
  REQUIRE(full);
  Sink sink(full.get());
  sink.sink.write(Bytes::copy("x"));
  run_until(sink.reactor, [&] { return sink.stopped == 1; });
  CHECK(sink.sink.state() == State::failed);
  CHECK(sink.sink.error().code() == ExitCode::incomplete);
  CHECK(std::string(sink.sink.error().what()).find("standard output: No space left") !=
        std::string::npos);
}

TEST_CASE("byte sink: a descriptor that is closed fails") {
  Sink sink(-1);
  sink.sink.write(Bytes::copy("x"));
  run_until(sink.reactor, [&] { return sink.stopped == 1; });
  CHECK(sink.sink.state() == State::failed);
}
