#include <cstdlib>
#include <ctime>

#include <doctest/doctest.h>

#include <shoal/chat/console.hpp>

using namespace shoal;
using namespace std::chrono_literals;
using chat::Moment;
using wire::chat::Kind;

namespace {

constexpr std::uint64_t start_ms = 1'800'000'000'000;  // 2027-01-15 08:00:00 UTC

/// A core with one other peer linked, and a console on it. Time is UTC.
class Desk final : public chat::ChatActions {
 public:
  explicit Desk(chat::ConsoleOptions options = {.nick = "anna"}) : options_(std::move(options)) {
    setenv("TZ", "UTC", 1);
    tzset();
    core_.on_up(1, other, at());
  }

  const chat::ChatCore& core() const override { return core_; }
  const Id& node() const override { return self; }
  bool join(const std::string& nick, std::vector<std::string> rooms) override {
    return core_.join(nick, std::move(rooms), at());
  }
  void leave(const std::string& nick) override { core_.leave(nick, at()); }
  chat::Place post(std::string nick, std::string room, Kind kind, std::string text,
                   std::uint64_t tag) override {
    return core_.post(std::move(nick), std::move(room), kind, std::move(text), at(), tag);
  }
  Id direct(std::string nick, std::string to, std::string text) override {
    return core_.direct(std::move(nick), std::move(to), std::move(text), at());
  }

  /// What is printed after a line was typed.
  std::string type(std::string_view line) {
    console().on_line(line, at());
    return printed();
  }

  /// What has been printed once all events are told.
  std::string printed() {
    for (const chat::Event& event : core_.take_events()) console().on_event(event, at());
    return console().take_output();
  }

  /// The other peer's post arrives.
  void hear(const std::string& nick, const std::string& text, const std::string& room = "lobby",
            Kind kind = Kind::says, std::uint64_t wall_ms = start_ms + 1) {
    chat::Post post{.author = other,
                    .seq = seq_,
                    .clock = (wall_ms << 16) + seq_,
                    .kind = kind,
                    .nick = nick,
                    .room = room,
                    .text = text};
    ++seq_;
    core_.on_message(1, post, at());
  }

  /// The other peer tells who is there.
  void see(std::map<std::string, std::vector<std::string>> users) {
    wire::chat::About about{.node = other, .version = ++version_, .nick = "server"};
    about.users = {users.begin(), users.end()};
    core_.on_message(1, about, at());
  }

  void pass(Duration time) {
    now_ += time;
    core_.tick(at());
    console().tick(at());
  }

  chat::Console& console() {
    if (!console_) console_ = std::make_unique<chat::Console>(*this, options_, at());
    return *console_;
  }

  Moment at() const {
    auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now_);
    return {Time(now_ + 1h), start_ms + static_cast<std::uint64_t>(ms.count())};
  }

  chat::Outbox sent() { return core_.take_outbox(); }
  chat::ChatCore& changing() { return core_; }

  const Id self = Id::of_name("self");
  const Id other = Id::of_name("other");

 private:
  chat::ConsoleOptions options_;
  Duration now_{};
  std::uint64_t seq_ = 0;
  std::uint64_t version_ = 0;
  chat::ChatCore core_{{.node = Id::of_name("self")}};
  std::unique_ptr<chat::Console> console_;
};

chat::ConsoleOptions bot() {
  return {.nick = "bot", .look = {.json = true}};
}

}  // namespace

TEST_CASE("who talks to nobody is told so, once until somebody comes") {
  Desk desk;
  desk.changing().on_down(1, true, desk.at());
  CHECK(desk.type("hello") == "-- nobody else is here yet; whoever comes will be told\n");
  CHECK(desk.type("still there?") == "");
  desk.changing().on_up(1, desk.other, desk.at());
  CHECK(desk.type("ah") == "");
}

TEST_CASE("a line is said in the current room, and is not repeated to who said it") {
  Desk desk;
  CHECK(desk.type("hello") == "");
  CHECK(desk.type("//not a command") == "");
  CHECK(desk.type("/me waves") == "");
  CHECK(desk.type("") == "");
  auto posts = desk.core().history("lobby", 10);
  REQUIRE(posts.size() == 3);
  CHECK(posts[0].text == "hello");
  CHECK(posts[1].text == "/not a command");
  CHECK(posts[2].text == "waves");
  CHECK(posts[2].kind == Kind::does);
  CHECK(posts[2].nick == "anna");
}

TEST_CASE("what others say is shown, with its room when there are several") {
  Desk desk;
  desk.console();
  desk.hear("bert", "hi");
  desk.hear("bert", "nods", "lobby", Kind::does);
  desk.hear("bert", "elsewhere", "den");
  CHECK(desk.printed() == "08:00 <bert> hi\n08:00 * bert nods\n");
  CHECK(desk.type("/join den") == "-- you are in den now\n[den] 08:00 <bert> elsewhere\n");
  desk.hear("bert", "ho");
  CHECK(desk.printed() == "[lobby] 08:00 <bert> ho\n");
}

TEST_CASE("text of peers cannot take hold of a terminal") {
  Desk desk;
  desk.console();
  desk.hear("bert", "\x1b[2J\xc2\x9b\xe2\x80\xae\n!");
  CHECK(desk.printed() == "08:00 <bert> \\x1b[2J\\u009b\\u202e\\n!\n");
}

TEST_CASE("posts from before the start are shown together, in order, as many as wanted") {
  Desk desk({.nick = "anna", .history = 2});
  desk.console();
  constexpr std::uint64_t minute = 60'000;
  for (std::uint64_t n = 1; n <= 4; ++n) {
    desk.hear("bert", "old " + std::to_string(n), "lobby", Kind::says, start_ms - (9 - n) * minute);
  }
  desk.hear("bert", "new");
  CHECK(desk.printed() == "08:00 <bert> new\n");
  desk.pass(299ms);
  CHECK(desk.printed() == "");
  desk.pass(1ms);
  CHECK(desk.printed() == "07:54 <bert> old 3\n07:55 <bert> old 4\n");
  CHECK(desk.type("/history 3") == "07:54 <bert> old 3\n07:55 <bert> old 4\n08:00 <bert> new\n");
}

TEST_CASE("rooms are joined, turned to and left") {
  Desk desk({.nick = "anna", .rooms = {"lobby", "den"}});
  CHECK(desk.console().room() == "den");
  CHECK(desk.type("/join lobby") == "-- you talk in lobby now\n");
  CHECK(desk.type("/part") == "-- you have left lobby and talk in den now\n");
  CHECK(desk.type("/part") == "-- you have left den\n");
  CHECK(desk.type("anybody?") == "-- you are in no room; /join one\n");
  CHECK(desk.type("/part den") == "-- you are not in den\n");
  CHECK(desk.type("/join a b").starts_with("-- a room has 1 to 64 bytes"));
  CHECK(desk.type("/join").starts_with("-- a room has 1 to 64 bytes"));
}

TEST_CASE("presence is told of who shares a room") {
  Desk desk;
  desk.console();
  desk.see({{"bert", {"lobby"}}, {"carl", {"den"}}});
  CHECK(desk.printed() == "-- bert is here\n");
  desk.see({{"bert", {"den", "lobby"}}, {"carl", {"den", "lobby"}}});
  CHECK(desk.printed() == "-- carl has joined lobby\n");
  CHECK(desk.type("/names") == "   anna  lobby\n   bert  den, lobby\n   carl  den, lobby\n");
  CHECK(desk.type("/rooms") == "   den  2 here\n   lobby  3 here, you too\n");
  desk.see({{"bert", {"den"}}});
  desk.pass(11s);
  CHECK(desk.printed() == "-- bert has left lobby\n-- carl is gone\n");
}

TEST_CASE("a nick that somebody else has is not taken, and one that comes later is told") {
  Desk desk;
  desk.console();
  desk.see({{"bert", {"lobby"}}});
  desk.printed();
  CHECK(desk.type("/nick bert") == "-- bert is taken; choose another nick\n");
  CHECK(desk.type("/nick dora") == "-- you are dora now\n");
  CHECK(desk.type("/nick d d").starts_with("-- a nick has"));
  CHECK(desk.core().find("anna").empty());
  desk.see({{"bert", {"lobby"}}, {"dora", {"lobby"}}});
  desk.pass(1s);
  CHECK(desk.printed().starts_with("-- somebody else is called dora too"));
  desk.pass(1s);
  CHECK(desk.printed() == "");
}

TEST_CASE("direct messages say what became of them") {
  Desk desk;
  CHECK(desk.type("/msg bert hi") == "-- nobody called bert is here\n");
  CHECK(desk.type("/msg bert") == "-- write /msg NICK TEXT\n");
  desk.see({{"bert", {"lobby"}}});
  desk.printed();
  desk.sent();
  CHECK(desk.type("/msg bert hi  there") == "");
  CHECK_FALSE(desk.console().is_said());
  wire::chat::Direct direct;
  for (auto& envelope : desk.sent().envelopes) {
    if (auto* found = std::get_if<wire::chat::Direct>(&envelope.message)) direct = *found;
  }
  CHECK(direct.text == "hi  there");
  desk.changing().on_message(1, wire::chat::Receipt{.id = direct.id, .origin = desk.self},
                             desk.at());
  CHECK(desk.printed() == "-- delivered to bert\n");
  CHECK(desk.console().is_said());
}

TEST_CASE("all is said once everybody who is linked has it") {
  Desk desk;
  CHECK(desk.console().is_said());
  desk.type("hello");
  CHECK_FALSE(desk.console().is_said());
  wire::chat::Have have{.all = true, .logs = {{desk.self, 1}}};
  desk.changing().on_message(1, have, desk.at());
  CHECK(desk.console().is_said());
  desk.changing().on_down(1, true, desk.at());
  CHECK_FALSE(desk.console().is_said());
}

TEST_CASE("what cannot be said is told") {
  Desk desk;
  CHECK(desk.type(std::string(8193, 'x')).starts_with("-- a message has at most 8192 bytes"));
  CHECK(desk.type("\xff") == "-- what is not UTF-8 cannot be said; it was not sent\n");
  CHECK(desk.type("/foo").starts_with("-- there is no /foo; /help"));
  CHECK(desk.type("/me") == "-- write /me and what you do\n");
  CHECK(desk.type("/history x").starts_with("-- write /history N"));
  CHECK(desk.type("/help").find("/quit") != std::string::npos);
  CHECK(desk.core().history("lobby", 9).empty());
  CHECK_FALSE(desk.console().quit());
  desk.type("/quit");
  CHECK(desk.console().quit());
}

TEST_CASE("a program speaks JSON lines") {
  Desk desk(bot());
  CHECK(desk.type(R"({"text": "/hello", "kind": "does"})") == "");
  CHECK(desk.core().history("lobby", 1).at(0).text == "/hello");
  CHECK(desk.core().history("lobby", 1).at(0).kind == Kind::does);
  desk.hear("bert", "h\x1b");
  CHECK(desk.printed() == R"({"type":"message","ts":1800000000001000000,"room":"lobby",)"
                          R"("from":"bert","kind":"says","text":"h\u001b"})"
                          "\n");
  desk.see({{"bert", {"den"}}});
  CHECK(desk.printed() == R"({"type":"presence","ts":1800000000000000000,"nick":"bert",)"
                          R"("state":"here","rooms":["den"]})"
                          "\n");
  CHECK(desk.type(R"({"text":"x","to":"zed","id":"7"})") ==
        R"({"type":"outcome","to":"zed","delivered":false,)"
        R"("why":"nobody called zed is here","id":"7"})"
        "\n");
  CHECK(desk.type(R"({"command":"/rooms"})") ==
        R"({"type":"room","room":"den","users":1,"joined":false})"
        "\n"
        R"({"type":"room","room":"lobby","users":1,"joined":true})"
        "\n");
}

TEST_CASE("a bad line of a program is an error, and not the end") {
  Desk desk(bot());
  for (const char* line : {"hello", "[]", "{}", R"({"text":7})", R"({"text":"a","room":[]})",
                           R"({"text":"a","room":"den"})", R"({"text":"a","to":"b c"})",
                           R"({"command":"/foo"})", R"({"text_b64":"/w=="})"}) {
    CAPTURE(line);
    std::string said = desk.type(line);
    CHECK(said.starts_with(R"({"type":"error","why":)"));
    CHECK(said.find('\n') == said.size() - 1);
  }
  CHECK(desk.type(R"({"text":"still here"})") == "");
  CHECK(desk.core().history("lobby", 9).size() == 1);
}

TEST_CASE("a nick has always the same colour") {
  Desk desk({.nick = "anna", .look = {.colour = true}});
  desk.console();
  desk.hear("bert", "a");
  std::string first = desk.printed();
  desk.hear("bert", "a");
  CHECK(first == desk.printed());
  CHECK(first.starts_with("08:00 <\x1b["));
  CHECK(first.find("mbert\x1b[0m> a") != std::string::npos);
}

TEST_CASE("words are completed") {
  using Words = std::vector<std::string>;
  Desk desk;
  desk.console();
  desk.see({{"bert", {"bar"}}, {"berta", {"lobby"}}});
  CHECK(desk.console().completions("/h") == Words{"/help", "/history"});
  CHECK(desk.console().completions("hi be") == Words{"bert", "berta"});
  CHECK(desk.console().completions("/join ba") == Words{"bar"});
  CHECK(desk.console().completions("/part ") == Words{"bar", "lobby"});
  CHECK(desk.console().completions("an") == Words{});
}
