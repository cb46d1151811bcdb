#include <fcntl.h>
#include <random>
#include <sys/stat.h>
#include <unit/runtime/fixture.hpp>

#include <doctest/doctest.h>

#include <shoal/runtime/block_source.hpp>
#include <shoal/runtime/pipe.hpp>

using namespace shoal;
using namespace shoal::runtime;
using Kind = Pulled::Kind;

namespace {

/// Puts a descriptor in the place of stdin for a while.
class AsStdin {
 public:
  explicit AsStdin(int fd) : kept_(fcntl(0, F_DUPFD_CLOEXEC, 10)) { REQUIRE(dup2(fd, 0) == 0); }
  ~AsStdin() {
    if (kept_) dup2(kept_.get(), 0);
  }

 private:
  Fd kept_;
};

struct Source {
  explicit Source(BlockSourceOptions options)
      : source(reactor, std::move(options), [this] { ++ready; }) {}

  Pulled next() { return source.next(); }

  /// Pulls to the end; the reason is appended to the text where it fails.
  std::string all() {
    std::string text;
    while (true) {
      Pulled pulled = source.next();
      if (pulled.kind == Kind::end) return text;
      if (pulled.kind == Kind::failed) return text + pulled.reason;
      if (pulled.kind == Kind::later) {
        int before = ready;
        run_until(reactor, [&] { return ready > before; });
        continue;
      }
      if (pulled.kind == Kind::left_out) {
        text += "(" + std::to_string(pulled.size) + ")";
        continue;
      }
      text += pulled.bytes.view();
      counts.push_back(pulled.count);
      bytes.push_back(pulled.bytes.size());
    }
  }

  Reactor reactor;
  int ready = 0;
  std::vector<std::uint64_t> counts;
  std::vector<std::size_t> bytes;
  BlockSource source;
};

BlockSourceOptions reading(std::vector<std::string> files) {
  BlockSourceOptions options;
  options.files = std::move(files);
  return options;
}

void put(const Fd& fd, std::string_view text) {
  REQUIRE(write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
}

}  // namespace

TEST_CASE("block source: files are read one after another, each record ended") {
  TempDir dir;
  Source source(reading({dir.write("a", "1\n2\n3"), dir.write("b", ""), dir.write("c", "\n4\n")}));
  CHECK(source.all() == "1\n2\n3\n\n4\n");
  CHECK(source.counts == std::vector<std::uint64_t>{3, 2});
  CHECK(source.source.records() == 5);
  CHECK(source.source.bytes() == 9);
}

TEST_CASE("block source: blocks hold whole records and no more than asked") {
  TempDir dir;
  BlockSourceOptions options = reading({dir.write("a", "aaa\nbbb\nccc\nddd\n")});
  options.block_bytes = 10;
  Source source(std::move(options));
  CHECK(source.all() == "aaa\nbbb\nccc\nddd\n");
  CHECK(source.counts == std::vector<std::uint64_t>{2, 2});
  CHECK(source.bytes == std::vector<std::size_t>{8, 8});
}

TEST_CASE("block source: nothing is lost for any sizes of blocks and records") {
  std::mt19937 random(5);
  TempDir dir;
  for (std::size_t block : {1, 3, 64, 1000, 100'000}) {
    std::string text;
    std::uint64_t records = 0;
    for (; text.size() < 50'000; ++records) text += std::string(random() % 300, 'r') + "\n";
    BlockSourceOptions options = reading({dir.write("a", text)});
    options.block_bytes = block;
    Source source(std::move(options));
    CHECK(source.all() == text);
    CHECK(source.source.records() == records);
  }
}

TEST_CASE("block source: a slow pipe gives what records it has") {
  Pipe pipe;
  REQUIRE(pipe.open() == 0);
  AsStdin as_stdin(pipe.out.get());
  Source source(BlockSourceOptions{});
  CHECK(source.next().kind == Kind::later);
  put(pipe.in, "a\nb");
  run_until(source.reactor, [&] { return source.ready == 1; });
  Pulled first = source.next();
  CHECK(first.bytes.view() == "a\n");
  CHECK(first.count == 1);
  CHECK(source.next().kind == Kind::later);
  put(pipe.in, "c");
  run_until(source.reactor, [&] { return source.ready == 2; });
  CHECK(source.next().kind == Kind::later);
  put(pipe.in, "d\ne\nlast");
  run_until(source.reactor, [&] { return source.ready == 3; });
  Pulled second = source.next();
  CHECK(second.bytes.view() == "bcd\ne\n");
  CHECK(second.count == 2);
  pipe.in.reset();
  CHECK(source.all() == "last\n");
  CHECK(source.next().kind == Kind::end);
}

TEST_CASE("block source: a pause reads nothing, and stdin stays blocking") {
  Pipe pipe;
  REQUIRE(pipe.open() == 0);
  AsStdin as_stdin(pipe.out.get());
  Source source(BlockSourceOptions{});
  CHECK(source.next().kind == Kind::later);
  put(pipe.in, "a\n");
  run_until(source.reactor, [&] { return source.ready == 1; });
  put(pipe.in, "b\n");
  for (int i = 0; i < 3; ++i) source.reactor.run_once(Duration(0));
  CHECK(source.ready == 1);
  CHECK(bytes_in_pipe(pipe.out.get()) == 4);
  CHECK((fcntl(pipe.out.get(), F_GETFL) & O_NONBLOCK) == 0);
}

TEST_CASE("block source: empty input ends at once") {
  Pipe pipe;
  REQUIRE(pipe.open() == 0);
  pipe.in.reset();
  AsStdin as_stdin(pipe.out.get());
  CHECK(Source(BlockSourceOptions{}).next().kind == Kind::end);
  CHECK(Source(reading({"/dev/null"})).next().kind == Kind::end);
}

TEST_CASE("block source: records may end with NUL and hold newlines") {
  TempDir dir;
  BlockSourceOptions options = reading({dir.write("a", std::string("x\ny\0z", 5))});
  options.delimiter = '\0';
  Source source(std::move(options));
  CHECK(source.all() == std::string("x\ny\0z\0", 6));
  CHECK(source.source.records() == 2);
}

TEST_CASE("block source: a record may be longer than a block") {
  TempDir dir;
  std::string text = "short\n" + std::string(3'000'000, 'x') + "\nend\n";
  Source source(reading({dir.write("a", text)}));
  CHECK(source.all() == text);
  CHECK(source.source.records() == 3);
}

TEST_CASE("block source: a record at the limit passes, one beyond it is named") {
  TempDir dir;
  for (std::size_t block : {4, 64, 1 << 18}) {
    for (std::string end : {"", "\n", "\nmore\n"}) {
      std::string good = "a\nb\n" + std::string(2048, 'x');
      BlockSourceOptions options = reading({dir.write("first", "1\n"), dir.write("a", good + end)});
      options.block_bytes = block;
      options.max_record = 2048;
      std::string given = "1\n" + good + (end.empty() ? "\n" : end);
      CHECK(Source(options).all() == given);
      dir.write("a", good + "x" + end);
      Source source(options);
      std::string failed = source.all();
      CHECK(failed.find(dir.file("a") + ": record 3 is longer than the limit of 2K") !=
            std::string::npos);
      CHECK(source.source.records() == 3);
      CHECK(source.next().kind == Kind::failed);
    }
  }
}

TEST_CASE("block source: records beyond the limit can be left out, each in its place") {
  TempDir dir;
  std::string long_one(5000, 'y');
  std::string at_limit(2048, 'x');
  for (std::size_t block : {4, 64, 1 << 18}) {
    // Longer than what is read at a stretch, where reads are large.
    std::string longest(block > 64 ? 40UL << 20 : 4000, 'z');
    for (std::string end : {"", "\n", "\nmore\n"}) {
      BlockSourceOptions options =
          reading({dir.write("a", longest + "\na\n" + long_one + "\n" + long_one + "\n" + at_limit +
                                      "\n\nb\n" + at_limit + "x" + end),
                   dir.write("b", "last")});
      options.block_bytes = block;
      options.max_record = 2048;
      options.leave_out_long = true;
      Source source(options);
      CHECK(source.all() == "(" + std::to_string(longest.size()) + ")a\n(5000)(5000)" + at_limit +
                                "\n\nb\n(2049)" + (end.size() > 1 ? "more\n" : "") + "last\n");
      CHECK(source.source.records() == (end.size() > 1 ? 6 : 5));
      CHECK(source.ready == (block > 64 ? 2 : 0));
    }
  }
}

TEST_CASE("block source: whole files that are too large can be left out") {
  TempDir dir;
  BlockSourceOptions options = reading(
      {dir.write("a", "x\ny"), dir.write("b", std::string(700'000, 'b')), dir.write("c", "c")});
  options.whole = true;
  options.max_record = 1000;
  options.leave_out_long = true;
  CHECK(Source(options).all() == "x\ny(700000)c");
}

TEST_CASE("block source: a record that is left out may come in pieces, and takes no memory") {
  Pipe pipe;
  REQUIRE(pipe.open() == 0);
  AsStdin as_stdin(pipe.out.get());
  BlockSourceOptions options;
  options.max_record = 3;
  options.leave_out_long = true;
  Source source(options);
  CHECK(source.next().kind == Kind::later);
  int rounds = 0;
  for (std::string piece : {"1\n1234", "5", "6\n", "12", "34\n7\n"}) {
    put(pipe.in, piece);
    run_until(source.reactor, [&] { return source.ready > rounds; });
    rounds = source.ready;
    Pulled pulled = source.next();
    if (piece == "1\n1234") {
      CHECK(pulled.bytes.view() == "1\n");
      pulled = source.next();
    }
    if (piece == "6\n" || piece == "34\n7\n") {
      CHECK(pulled.kind == Kind::left_out);
      CHECK(pulled.size == (piece == "6\n" ? 6 : 4));
      pulled = source.next();
    }
    if (piece == "34\n7\n") {
      CHECK(pulled.bytes.view() == "7\n");
      pulled = source.next();
    }
    CHECK(pulled.kind == Kind::later);
  }
}

TEST_CASE("block source: whole files are one are one record each") {
  TempDir dir;
  std::string big(700'000, 'b');
  BlockSourceOptions options =
      reading({dir.write("a", "x\ny"), dir.write("b", ""), dir.write("c", big)});
  options.whole = true;
  options.max_record = big.size();
  Source source(options);
  CHECK(source.next().bytes.view() == "x\ny");
  Pulled empty = source.next();
  CHECK(empty.kind == Kind::block);
  CHECK(empty.count == 1);
  CHECK(empty.bytes.empty());
  CHECK(source.next().bytes.view() == big);
  CHECK(source.next().kind == Kind::end);
  CHECK(source.source.records() == 3);
  options.max_record = big.size() - 1;
  CHECK(Source(options).all().find(dir.file("c") + " is longer than the limit") !=
        std::string::npos);
}

TEST_CASE("block source: what cannot be read is named") {
  TempDir dir;
  Source missing(reading({dir.write("a", "1\n"), dir.file("missing")}));
  CHECK(missing.all() ==
        "1\ncannot open " + dir.file("missing") + ": No such file or directory; check the name");
  Source folder(reading({dir.file("")}));
  CHECK(folder.all() == "cannot read " + dir.file("") + ": Is a directory");
}

TEST_CASE("block source: a named pipe is waited for") {
  TempDir dir;
  std::string fifo = dir.file("fifo");
  REQUIRE(mkfifo(fifo.c_str(), 0600) == 0);
  Source source(reading({fifo}));
  CHECK(source.next().kind == Kind::later);
  Fd writer(open(fifo.c_str(), O_WRONLY | O_CLOEXEC));
  REQUIRE(writer);
  put(writer, "x\n");
  writer.reset();
  CHECK(source.all() == "x\n");
}

TEST_CASE("block source: a pipe named by its descriptor ends with its writers") {
  Pipe pipe;
  REQUIRE(pipe.open() == 0);
  put(pipe.in, "x\ny\n");
  pipe.in.reset();
  Source source(reading({"/dev/fd/" + std::to_string(pipe.out.get())}));
  CHECK(source.all() == "x\ny\n");
}
