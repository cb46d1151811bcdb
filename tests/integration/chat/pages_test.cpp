#include <deque>
#include <memory>

#include <doctest/doctest.h>

#include <shoal/chat/pages.hpp>

#include "page_client.hpp"
#include "support/node.hpp"

using namespace shoal;
using namespace shoal::chat;
using namespace shoal::test;
using namespace std::chrono_literals;

namespace {

/// A chat-peer that serves pages, and its pages.
struct Served {
  explicit Served(PagesOptions options = {}) {
    options.server.listen = "127.0.0.1:0";
    options.server.files = {{.path = "/", .type = "text/html", .content = "<p>the page"}};
    pages = std::make_unique<Pages>(loop.reactor, peer, std::move(options));
  }

  PageClient& open() { return clients.emplace_back(pages->url()); }

  /// A page that has been let in.
  PageClient& enter(const std::string& nick, Json more = Json::object()) {
    PageClient& page = open();
    page.say_hello(nick, "session of " + nick, std::move(more));
    REQUIRE(until([&] { return page.has("ready"); }));
    return page;
  }

  void say(const std::string& text) { peer.post("anna", "lobby", wire::chat::Kind::says, text); }

  bool until(const std::function<bool()>& done, Duration limit = 20s) {
    return loop.until(
        [&] {
          for (PageClient& client : clients) client.poll();
          return done();
        },
        limit);
  }

  /// Until the server has taken all that `page` has said.
  void settle(PageClient& page) {
    const std::size_t before = page.said("history").size();
    page.say({{"type", "history"}, {"room", "nowhere"}});
    REQUIRE(until([&] { return page.said("history").size() > before; }));
  }

  Loop loop;
  ChatPeer peer{
      loop.context, loop.reactor, {.binds = {"tcp://127.0.0.1:*"}}, [this](const Event& event) {
        pages->on_event(event);
      }};
  std::unique_ptr<Pages> pages;
  std::deque<PageClient> clients;
};

using Texts = std::vector<std::string>;

PagesOptions with_token() {
  PagesOptions options;
  options.token = "secret";
  return options;
}

}  // namespace

TEST_CASE_FIXTURE(Served, "pages: what one page says all of its room have, itself too") {
  PageClient& bert = enter("bert");
  PageClient& carl = enter("carl");
  bert.say_post(7, "hello");
  REQUIRE(until([&] { return bert.has("post") && carl.has("post"); }));
  CHECK(bert.said("post")[0]["tag"] == 7);
  CHECK(carl.said("post")[0]["nick"] == "bert");
  bert.say({{"type", "post"}, {"room", "attic"}, {"tag", 8}, {"text", "anybody?"}});
  REQUIRE(until([&] { return bert.has("trouble"); }));
  CHECK(bert.said("trouble")[0]["tag"] == 8);
}

TEST_CASE_FIXTURE(Served,
                  "web: WEB-1, a page of another origin is answered 403, another host 400") {
  std::string own = pages->url();
  own.pop_back();
  CHECK(handshake(pages->url()) == 101);
  CHECK(handshake(pages->url(), {{"Origin", own}}) == 101);
  CHECK(handshake(pages->url(), {{"Origin", "http://evil.example"}}) == 403);
  CHECK(handshake(pages->url(), {{"Origin", "null"}}) == 403);
  CHECK(handshake(pages->url(), {{"Host", "evil.example"}}) == 400);
  CHECK(http_get(pages->url(), "/", {{"Host", "evil.example"}}).result_int() == 400);
}

TEST_CASE_FIXTURE(Served, "web: WEB-2, every answer has the policy that keeps foreign code out") {
  for (const char* path : {"/", "/none"}) {
    HttpAnswer answer = http_get(pages->url(), path);
    CHECK(answer.result_int() == (std::string(path) == "/" ? 200 : 404));
    CHECK(answer["Content-Security-Policy"].starts_with("default-src 'none'; script-src 'self';"));
    CHECK(answer["X-Content-Type-Options"] == "nosniff");
  }
  CHECK(http_get(pages->url(), "/").body() == "<p>the page");
}

TEST_CASE("web: WEB-3, where there is a token, nobody is let in without it") {
  Served served(with_token());
  auto refused = [&](Json more) {
    PageClient& page = served.open();
    page.say_hello("bert", "s", std::move(more));
    REQUIRE(served.until([&] { return page.closed(); }));
    REQUIRE(page.has("refused"));
    CHECK_FALSE(page.has("ready"));
    return page.said("refused")[0].value("token", false);
  };
  CHECK(refused(Json::object()));
  CHECK(refused({{"token", "secre"}}));
  CHECK(refused({{"token", "secret "}}));
  served.enter("bert", {{"token", "secret"}});
}

TEST_CASE_FIXTURE(Served, "web: WEB-3, a nick that somebody has is refused, also the peer's own") {
  peer.join("anna", {"lobby"});
  PageClient& bert = enter("bert");
  for (const char* nick : {"anna", "bert"}) {
    PageClient& page = open();
    page.say_hello(nick, "another session");
    REQUIRE(until([&] { return page.closed(); }));
    CHECK(page.said("refused")[0]["why"] == nick + std::string(" is taken; choose another nick"));
  }
  bert.say({{"type", "nick"}, {"nick", "anna"}});
  REQUIRE(until([&] { return bert.has("trouble"); }));
  bert.say({{"type", "nick"}, {"nick", "carl"}});
  REQUIRE(until([&] { return bert.has("nick"); }));
  CHECK(peer.core().find("bert").empty());
  enter("bert");
  // Its own session does not get a nick back that the peer's user has taken meanwhile.
  clients.clear();
  REQUIRE(until([&] { return peer.core().find("carl").empty(); }));
  peer.join("carl", {"tea"});
  PageClient& again = open();
  again.say_hello("carl", "session of bert");
  REQUIRE(until([&] { return again.closed(); }));
  CHECK(again.has("refused"));
}

TEST_CASE("web: WEB-3, who does not say hello in time is closed") {
  PagesOptions options;
  options.hello = 50ms;
  Served served(std::move(options));
  PageClient& silent = served.open();
  REQUIRE(served.until([&] { return silent.closed(); }));
  CHECK(silent.has("refused"));
}

TEST_CASE_FIXTURE(Served, "web: WEB-3, the first message has to be hello") {
  PageClient& page = open();
  page.say_post(1, "hello");
  REQUIRE(until([&] { return page.closed(); }));
  CHECK(page.has("refused"));
}

TEST_CASE_FIXTURE(Served, "web: WEB-4, a page that resumes gets what it lacks, each post once") {
  PageClient& bert = enter("bert");
  bert.say_post(1, "one");
  REQUIRE(until([&] { return bert.has("post"); }));
  Json post = bert.said("post")[0];
  say("two");
  say("three");
  const Json seen{{post["author"].get<std::string>(), post["seq"].get<int>() + 1}};
  PageClient& again = enter("bert", {{"seen", seen}});  // takes the session over
  REQUIRE(until([&] { return bert.closed(); }));
  CHECK_FALSE(again.has("history"));
  say("four");
  REQUIRE(until([&] { return again.said("post").size() == 3; }));
  CHECK(again.texts() == Texts{"two", "three", "four"});
  CHECK(peer.core().find("bert").size() == 1);
}

TEST_CASE_FIXTURE(Served, "web: WEB-4, what happens in the round of a hello comes once") {
  say("one");  // in the log, and not told yet
  PageClient& bert = enter("bert");
  say("two");
  bert.say({{"type", "join"}, {"room", "lobby"}});
  REQUIRE(until([&] { return bert.said("history").size() == 2; }));
  settle(bert);
  CHECK(bert.said("history")[0]["posts"].size() == 1);
  CHECK(bert.said("post").size() == 1);
}

TEST_CASE("pages: a history has as many posts as wanted, and says whether there are more") {
  PagesOptions options;
  options.history = 2;
  Served served(std::move(options));
  for (const char* text : {"one", "two", "three", "four"}) served.say(text);
  PageClient& bert = served.enter("bert");
  Json newest = bert.said("history").at(0);
  CHECK(bert.texts() == Texts{"three", "four"});
  CHECK(newest["more"] == true);
  bert.say({{"type", "history"}, {"room", "lobby"}, {"before", newest["posts"][0]}});
  REQUIRE(served.until([&] { return bert.said("history").size() == 2; }));
  CHECK(bert.texts() == Texts{"three", "four", "one", "two"});
  CHECK(bert.said("history")[1]["more"] == false);
}

TEST_CASE_FIXTURE(Served,
                  "pages: who lacks too much begins anew, and is sent no more than it can take") {
  PageClient& bert = enter("bert");
  clients.clear();
  const std::string long_text(8192, '\x01');  // 48 KiB of JSON
  for (int i = 0; i < 200; ++i) say(long_text);
  PageClient& again = enter("bert", {{"seen", Json::object()}});
  CHECK(again.has("restart"));
  REQUIRE(again.said("history").size() == 1);
  CHECK(again.said("history")[0]["posts"].size() == 50);
  for (int i = 0; i < 1000; ++i) say("short");
  clients.clear();
  PageClient& third = enter("bert", {{"seen", Json::object()}});
  CHECK(third.has("restart"));
  CHECK(third.texts() == Texts(50, "short"));
  (void)bert;
}

TEST_CASE_FIXTURE(Served, "web: WEB-5, a direct message that is sent again is taken once") {
  PageClient& bert = enter("bert");
  PageClient& carl = enter("carl");
  const Json direct{
      {"type", "direct"}, {"id", Id::of_name("x").hex()}, {"to", "carl"}, {"text", "psst"}};
  bert.say(direct);
  bert.say(direct);
  REQUIRE(until([&] { return bert.has("outcome") && carl.has("direct"); }));
  CHECK_FALSE(bert.said("outcome")[0].contains("why"));
  bert.say(direct);
  REQUIRE(until([&] { return bert.said("outcome").size() >= 2; }));
  settle(carl);
  CHECK(carl.said("direct").size() == 1);
}

TEST_CASE("web: WEB-6, of one page so many messages are taken, and no more of it is read") {
  PagesOptions options;
  options.server.frames_at_once = 3;
  options.server.frames_a_second = 0.001;
  Served served(std::move(options));
  PageClient& bert = served.enter("bert");
  for (std::uint64_t tag = 1; tag <= 9; ++tag) bert.say_post(tag, "x");
  REQUIRE(served.until([&] { return bert.said("post").size() == 3; }));
  served.until([] { return false; }, 100ms);
  CHECK(bert.said("post").size() == 3);
}

TEST_CASE("web: WEB-6, there is room for so many pages") {
  PagesOptions options;
  options.server.clients = 2;
  Served served(std::move(options));
  served.enter("bert");
  served.enter("carl");
  CHECK(handshake(served.pages->url()) == 503);
}

TEST_CASE("web: WEB-6, a page that does not read is closed") {
  PagesOptions options;
  options.server.queue_bytes = 64 << 10;
  Served served(std::move(options));
  PageClient& bert = served.enter("bert");
  bert.stop();
  const std::string text(8192, 'x');
  auto is_gone = [&] {
    for (int i = 0; i < 20; ++i) served.say(text);
    return served.peer.core().find("bert").empty();
  };
  REQUIRE(served.until(is_gone));
}

TEST_CASE("web: WEB-6, a page that answers no ping is closed") {
  PagesOptions options;
  options.server.silence = 200ms;
  Served served(std::move(options));
  PageClient& carl = served.enter("carl");
  served.enter("bert").stop();
  REQUIRE(served.until([&] { return served.peer.core().find("bert").empty(); }));
  CHECK_FALSE(carl.closed());
}

TEST_CASE_FIXTURE(Served, "web: WEB-6, a frame that is too large ends the connection") {
  PageClient& bert = enter("bert");
  bert.say_post(1, std::string(70'000, 'x'));
  REQUIRE(until([&] { return bert.closed(); }));
  CHECK(peer.core().find("bert").empty());
}

TEST_CASE("web: a server that ends closes its pages, whatever is on the way") {
  auto served = std::make_unique<Served>();
  PageClient bert(served->pages->url());
  PageClient silent(served->pages->url());
  bert.say_hello("bert", "s");
  for (std::uint64_t tag = 1; tag <= 20; ++tag) bert.say_post(tag, "x");
  for (int i = 0; i < 100; ++i) served->say("text");
  REQUIRE(served->until([&] {
    bert.poll();
    return bert.has("ready");
  }));
  for (int i = 0; i < 1000; ++i) served->say("text");
  served->peer.flush();
  served.reset();
  Loop loop;
  CHECK(loop.until([&] {
    bert.poll();
    silent.poll();
    return bert.closed() && silent.closed();
  }));
}
