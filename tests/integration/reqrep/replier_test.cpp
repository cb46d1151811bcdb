// A replier's glue over real sockets, towards askers that do what none of ours would.

#include <fcntl.h>
#include <sys/stat.h>

#include <doctest/doctest.h>

#include <shoal/base/fd.hpp>
#include <shoal/reqrep/replier.hpp>
#include <shoal/reqrep/requester.hpp>

#include "support/log_capture.hpp"
#include "support/node.hpp"
#include "support/temp_dir.hpp"

using namespace shoal;
using namespace shoal::reqrep;
using namespace shoal::test;
using namespace shoal::wire::reqrep;
using namespace std::chrono_literals;

namespace {

const Id one = Id::of_name("one");
const Id two = Id::of_name("two");

/// Somebody with a session at a replier, who writes its messages by hand.
class Asker {
 public:
  Asker(Loop& loop, const std::string& endpoint)
      : loop_(loop),
        node_(loop.context, loop.reactor, dialling(endpoint, "requester", {"replier"})) {
    REQUIRE(loop.until([&] { return node_.is_up(); }));
  }

  void ask(const Id& id, std::string_view body, std::string return_to = {}) {
    send(Requests{.requests = {{id, 20s, Bytes::copy(body)}}, .return_to = std::move(return_to)});
  }

  void send(const Any& message) { node_.port().send(node_.peer(), encode(message)); }
  void send_garbage() { node_.send("body", "garbage"); }

  /// The replies so far, once there are so many.
  std::vector<Reply> replies(std::size_t count) {
    CHECK(loop_.until([&] { return all().size() >= count; }));
    return all();
  }

  bool was_dropped() {
    return loop_.until([&] { return !node_.downs.empty(); });
  }

 private:
  std::vector<Reply> all() const {
    std::vector<Reply> found;
    for (const auto& [peer, message] : node_.messages) {
      auto replies = std::get<Replies>(*decode(message));
      for (const Reply& reply : replies.replies) found.push_back(reply);
    }
    return found;
  }

  Loop& loop_;
  Node node_;
};

struct Fixture {
  explicit Fixture(std::string script, Duration cache = 0s)
      : replier(loop.context, loop.reactor,
                {.binds = {"tcp://127.0.0.1:*"},
                 .connects = {},
                 .executor = {.argv = {"sh", "-c", "cd '" + dir.path().string() + "'; " + script},
                              .slots = 4},
                 .cache = cache}) {}

  std::string endpoint() const { return replier.port().bound().at(0); }

  /// How often the command has been begun.
  std::uintmax_t runs() const {
    std::error_code none_yet;
    std::uintmax_t size = std::filesystem::file_size(dir / "ran", none_yet);
    return none_yet ? 0 : size;
  }

  LogCapture log;
  TempDir dir;
  Loop loop;
  Replier replier;
};

// Leaves a mark, waits until somebody has opened the pipe `go` for writing, and answers with its
// body.
constexpr const char* waits = "printf x >>ran; : <go; cat";

}  // namespace

TEST_CASE("replier node: REQ-2, duplicates of an id in flight are run once and answered each") {
  Fixture f(waits);
  REQUIRE(mkfifo(f.dir.file("go").c_str(), 0600) == 0);
  Asker first(f.loop, f.endpoint());
  Asker second(f.loop, f.endpoint());
  first.ask(one, "body");
  REQUIRE(f.loop.until([&] { return f.runs() == 1; }));
  first.ask(one, "body");
  second.ask(one, "body");
  second.ask(two, "of two");
  second.ask(two, "of another two");
  // Of the two bodies under one id the second is refused at once, and that alone.
  std::vector<Reply> refused = second.replies(1);
  CHECK(refused[0].kind == ReplyKind::failed);
  CHECK(refused[0].id == two);
  // Open to the end: every run that comes to it goes on.
  Fd go(open(f.dir.file("go").c_str(), O_RDWR | O_CLOEXEC));
  REQUIRE(go);
  CHECK(first.replies(1)[0].output.view() == "body");
  std::vector<Reply> answers = second.replies(3);
  for (const Reply& answer : {answers[1], answers[2]}) {
    CHECK(answer.output.view() == (answer.id == one ? "body" : "of two"));
  }
  CHECK(f.runs() == 2);
  CHECK(first.replies(1).size() == 1);
}

TEST_CASE("replier node: REQ-5, a repeated id is answered from the cache, to anybody") {
  Fixture f("printf x >>ran; cat", 1h);
  Asker first(f.loop, f.endpoint());
  first.ask(one, "body");
  CHECK(first.replies(1)[0].output.view() == "body");
  first.ask(one, "body");
  CHECK(first.replies(2)[1].output.view() == "body");
  Asker second(f.loop, f.endpoint());
  second.ask(one, "body");
  CHECK(second.replies(1)[0].output.view() == "body");
  second.ask(one, "another body");
  CHECK(second.replies(2)[1].kind == ReplyKind::failed);
  CHECK(f.runs() == 1);
}

TEST_CASE("replier node: REQ-1, whoever sends garbage is dropped, and others notice nothing") {
  Fixture f("cat");
  Asker honest(f.loop, f.endpoint());
  Asker garbage(f.loop, f.endpoint());
  Asker replies(f.loop, f.endpoint());
  garbage.send_garbage();
  replies.send(Replies{.replies = {{.id = one}}});
  CHECK(garbage.was_dropped());
  CHECK(replies.was_dropped());
  honest.ask(one, "body");
  CHECK(honest.replies(1)[0].output.view() == "body");
  CHECK(f.log.count("malformed message") == 2);  // at both ends
}

TEST_CASE("replier node: REQ-14, return addresses that are none are not dialled") {
  Fixture f("cat");
  Asker asker(f.loop, f.endpoint());
  std::size_t asked = 0;
  for (const char* address : {"@/etc/passwd", "tcp://127.0.0.1:1,tcp://127.0.0.1:2", "5021",
                              "dns+tcp://localhost:5021", "inproc://x", "nonsense", "\x1b[2J"}) {
    CAPTURE(address);
    asker.ask(Id::of_name(address), address, address);
    std::vector<Reply> all = asker.replies(++asked);
    // The answer walks back.
    CHECK(all.back().kind == ReplyKind::exited);
    CHECK(all.back().output.view() == address);
  }
}

TEST_CASE("replier node: REQ-14, too many return addresses at a time: the answers walk back") {
  Fixture f("cat");
  Asker asker(f.loop, f.endpoint());
  constexpr std::size_t count = 80;
  for (std::size_t i = 0; i < count; ++i) {
    std::string address = "ipc://" + (f.dir / ("nobody" + std::to_string(i))).string();
    asker.ask(Id::of_name(address), "body", address);
  }
  for (const Reply& reply : asker.replies(count)) CHECK(reply.kind == ReplyKind::exited);
}

TEST_CASE("replier node: REQ-14, a direct reply is confirmed, and one without `got` walks back") {
  Fixture f("cat");
  Asker asker(f.loop, f.endpoint());
  Node silent(f.loop.context, f.loop.reactor, listening("requester", {"replier"}));
  Node polite(f.loop.context, f.loop.reactor, listening("requester", {"replier"}));
  polite.on_each = [&](net::PeerId peer, wire::Message& message) {
    auto replies = std::get<Replies>(*decode(message));
    CHECK(replies.replies.at(0).output.view() == "to the polite");
    polite.port().send(peer, encode(Got{{replies.replies.at(0).id}}));
  };
  asker.ask(one, "to the silent", silent.endpoint());
  asker.ask(two, "to the polite", polite.endpoint());
  for (const Reply& reply : asker.replies(2)) {
    CHECK(reply.kind == (reply.id == one ? ReplyKind::exited : ReplyKind::delivered));
  }
  CHECK(silent.messages.size() == 1);
}
