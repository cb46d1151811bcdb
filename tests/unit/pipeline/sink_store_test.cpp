#include <array>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unit/runtime/fixture.hpp>

#include <doctest/doctest.h>

#include <shoal/base/error.hpp>
#include <shoal/pipeline/sink_store.hpp>

using namespace shoal;
using namespace shoal::pipeline;

namespace {

const Id job = Id::of_name("job");

wire::Batch lines(Seq first, std::uint64_t count, const std::string& text) {
  return {.range = {first, count}, .payload = Bytes::copy(text)};
}

struct Fixture {
  std::unique_ptr<SinkStore> open() {
    return make_sink_store(reactor, {.output = dir.file("out"), .failed = dir.file("failed")},
                           [this] { ++committed; });
  }

  TempDir dir;
  runtime::Reactor reactor;
  int committed = 0;
};

/// What the core would say of a job of which `done` are kept.
SinkJob kept(SeqRange done) {
  SinkJob state{.job = job};
  state.done.insert(done);
  return state;
}

}  // namespace

TEST_CASE("a file's store cuts back to its last commit, and knows what it had") {
  Fixture f;
  Id id;
  {
    auto store = f.open();
    id = store->lasting_id().value();
    store->carry_out(sink_action::Begin{job, true});
    store->carry_out(sink_action::Write{job, "", lines(0, 2, "a\nb\n")});
    SinkJob state = kept({0, 2});
    CHECK(store->commit({&state}));
    store->carry_out(sink_action::Write{job, "", lines(2, 1, "lost\n")});
    CHECK(store->uncommitted() == 5);
  }
  auto store = f.open();
  CHECK(store->lasting_id() == id);
  REQUIRE(store->jobs().size() == 1);
  CHECK(store->jobs()[0].done.ranges() == std::vector<SeqRange>{{0, 2}});
  store->carry_out(sink_action::Write{job, "", lines(2, 1, "c\n")});
  SinkJob state = kept({0, 3});
  CHECK(store->commit({&state}));
  CHECK(f.dir.read("out") == "a\nb\nc\n");
  store->finish();
  CHECK_FALSE(std::filesystem::exists(f.dir.file("out.shoal")));
}

TEST_CASE("what a file's store has set aside is there after a restart, and written in its turn") {
  Fixture f;
  {
    auto store = f.open();
    store->carry_out(sink_action::Begin{job, true});
    store->carry_out(sink_action::SetAside{job, lines(5, 2, "f\ng\n")});
    SinkJob state = kept({5, 2});
    CHECK(store->commit({&state}));
  }
  auto store = f.open();
  CHECK(store->aside() == std::map<Id, std::vector<SeqRange>>{{job, {{5, 2}}}});
  store->carry_out(sink_action::Write{job, "", lines(0, 1, "a\n")});
  store->carry_out(sink_action::WriteAside{job, "", {5, 2}});
  SinkJob state = kept({0, 7});
  CHECK(store->commit({&state}));
  CHECK(f.dir.read("out") == "a\nf\ng\n");
  CHECK(store->aside().empty());
}

TEST_CASE("dead letters go to their own file, exactly as far as they are committed") {
  Fixture f;
  {
    auto store = f.open();
    store->carry_out(sink_action::Begin{job, true});
    store->carry_out(sink_action::WriteLetter{{.job = job, .seq = 1, .attempts = 3}});
    CHECK(store->commit({}));
    store->carry_out(sink_action::WriteLetter{{.job = job, .seq = 2, .attempts = 3}});
  }
  auto store = f.open();
  std::string failed = f.dir.read("failed");
  CHECK(failed.find("\"seq\":1,") != std::string::npos);
  CHECK(failed.find("\"seq\":2,") == std::string::npos);
}

TEST_CASE("an output that is gone with results in it is told, and one of two names refused") {
  Fixture f;
  {
    auto store = f.open();
    store->carry_out(sink_action::Begin{job, true});
    store->carry_out(sink_action::Write{job, "", lines(0, 1, "a\n")});
    SinkJob state = kept({0, 1});
    CHECK(store->commit({&state}));
  }
  std::filesystem::remove(f.dir.file("out"));
  CHECK_THROWS_WITH_AS(f.open(), doctest::Contains("is gone"), Error);
  SinkStoreOptions same{.output = f.dir.file("out"), .failed = f.dir.file("sub/out")};
  CHECK_THROWS_WITH_AS(make_sink_store(f.reactor, same, [] {}),
                       doctest::Contains("different names"), Error);
}

TEST_CASE("a stream's store has committed once its reader has taken what was written") {
  Fixture f;
  REQUIRE(mkfifo(f.dir.file("out").c_str(), 0600) == 0);
  Fd reader(open(f.dir.file("out").c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  auto store = f.open();
  CHECK_FALSE(store->lasting_id());
  std::string text(1UL << 20, 'x');
  text.back() = '\n';
  store->carry_out(sink_action::SetAside{job, lines(1, 1, "second\n")});
  store->carry_out(sink_action::Write{job, "", lines(0, 1, text)});
  store->carry_out(sink_action::WriteAside{job, "", {1, 1}});
  CHECK_FALSE(store->commit({}));
  std::string got;
  auto taking = f.reactor.watch(reader.get(), EPOLLIN, [&](std::uint32_t) {
    std::array<char, 65536> buffer{};
    ssize_t size = read(reader.get(), buffer.data(), buffer.size());
    if (size > 0) got.append(buffer.data(), static_cast<std::size_t>(size));
  });
  std::size_t whole = text.size() + 7;
  run_until(f.reactor, [&] { return f.committed == 1 && got.size() >= whole; });
  CHECK(got == text + "second\n");
}

TEST_CASE("a stream's store sees that its reader has gone") {
  Fixture f;
  REQUIRE(mkfifo(f.dir.file("out").c_str(), 0600) == 0);
  Fd reader(open(f.dir.file("out").c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  auto store = f.open();
  reader = Fd();
  store->carry_out(sink_action::Write{job, "", lines(0, 1, "a\n")});
  store->commit({});
  run_until(f.reactor, [&] { return store->closed(); });
}
