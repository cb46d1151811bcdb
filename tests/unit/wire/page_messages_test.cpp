#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <shoal/wire/page_messages.hpp>

using namespace shoal;
using namespace shoal::wire;
using Json = nlohmann::json;

TEST_CASE("page: hello, with what the page has seen") {
  Id author = Id::of_name("author");
  Json hello{{"type", "hello"},           {"nick", "ann"},     {"session", "s"},
             {"rooms", {"lobby", "tea"}}, {"token", "secret"}, {"seen", {{author.hex(), 7}}}};
  auto decoded = page::decode(hello.dump());
  REQUIRE(decoded);
  auto& got = std::get<page::Hello>(*decoded);
  CHECK(got.nick == "ann");
  CHECK(got.rooms == std::vector<std::string>{"lobby", "tea"});
  CHECK(got.token == "secret");
  CHECK(got.seen == chat::Vector{{author, 7}});
  hello.erase("seen");
  decoded = page::decode(hello.dump());
  REQUIRE(decoded);
  CHECK_FALSE(std::get<page::Hello>(*decoded).seen);
}

TEST_CASE("page: what breaks a limit is refused with a sentence") {
  Json post{{"type", "post"}, {"tag", 5}, {"room", "lobby"}, {"text", "hi"}};
  REQUIRE(page::decode(post.dump()));
  auto refused = [&](const char* key, const Json& value) {
    Json bad = post;
    bad[key] = value;
    return !page::decode(bad.dump());
  };
  CHECK(refused("text", ""));
  CHECK(refused("text", std::string(8193, 'x')));
  CHECK_FALSE(refused("text", std::string(8192, 'x')));
  CHECK(refused("text", 7));
  CHECK(refused("room", "two words"));
  CHECK(refused("room", std::string(65, 'x')));
  CHECK(refused("room", "bell\a"));
  CHECK(refused("tag", -1));
  CHECK(refused("tag", 0));
  CHECK(refused("tag", 1ULL << 49));
  CHECK(refused("type", "dance"));
  CHECK(refused("type", nullptr));
}

TEST_CASE("page: rubbish is refused") {
  for (const char* text : {"", "{", "[]", "null", "7", "\"hello\"", "{\"type\":\"hello\"}", "{}",
                           "{\"type\":\"post\",\"tag\":1e300,\"room\":\"a\",\"text\":\"b\"}"}) {
    CAPTURE(text);
    CHECK_FALSE(page::decode(text));
  }
  std::string deep(60'000, '[');
  CHECK_FALSE(page::decode(deep));
  CHECK_FALSE(page::decode("{\"type\":\"join\",\"room\":\"\xff\xfe\"}"));
}

TEST_CASE("page: a post is told with all that orders it, without losing a digit") {
  chat::Post post{.author = Id::of_name("author"),
                  .seq = 3,
                  .clock = (1ULL << 61) + 1,
                  .kind = chat::Kind::does,
                  .nick = "ann",
                  .room = "lobby",
                  .tag = 9,
                  .text = "<script>\n\xe2\x80\xae"};
  Json said = Json::parse(page::say_post(post));
  CHECK(said["clock"] == std::to_string(post.clock));
  CHECK(said["kind"] == "does");
  CHECK(said["text"] == post.text);
  CHECK(said["tag"] == 9);
  Json history{{"type", "history"}, {"room", "lobby"}, {"before", said}};
  auto decoded = page::decode(history.dump());
  REQUIRE(decoded);
  auto before = std::get<page::History>(*decoded).before;
  REQUIRE(before);
  CHECK(before->clock == post.clock);
  CHECK(before->author == post.author);
  CHECK(before->seq == post.seq);
}

TEST_CASE("page: what is not taken is named, whatever else is wrong with it") {
  Json post{{"type", "post"}, {"tag", 5}, {"room", "two words"}, {"text", ""}};
  REQUIRE_FALSE(page::decode(post.dump()));
  CHECK(page::subject_of(post.dump()).tag == 5);
  Id id = Id::of_name("direct");
  Json direct{{"type", "direct"}, {"id", id.hex()}, {"to", 7}};
  CHECK(page::subject_of(direct.dump()).id == id);
  CHECK(page::subject_of(R"({"type":"join","room":" "})").room == " ");
  for (const char* text : {"", "{", "[]", "{}", R"({"type":7})", R"({"type":"nick","tag":5})",
                           R"({"type":"post","tag":-1})", R"({"type":"direct","id":"zz"})"}) {
    CAPTURE(text);
    page::Subject none = page::subject_of(text);
    CHECK((none.tag == 0 && !none.id && none.room.empty()));
  }
  Json said = Json::parse(page::say_trouble("why", {.tag = 5, .id = id, .room = "tea"}));
  CHECK(said ==
        Json{{"type", "trouble"}, {"why", "why"}, {"tag", 5}, {"id", id.hex()}, {"room", "tea"}});
  CHECK_FALSE(Json::parse(page::say_trouble("why")).contains("tag"));
}

TEST_CASE("page: a refusal says whether a token is wanted") {
  CHECK(Json::parse(page::say_refused("why", true))["token"] == true);
  CHECK_FALSE(Json::parse(page::say_refused("why")).contains("token"));
}

TEST_CASE("page: an outcome says why only where something went wrong") {
  Id id = Id::of_name("direct");
  CHECK_FALSE(Json::parse(page::say_outcome(id, "")).contains("why"));
  CHECK(Json::parse(page::say_outcome(id, "nobody called bob is here"))["why"] ==
        "nobody called bob is here");
}

TEST_CASE("page: a history has the newest posts that fit, and says that there are more") {
  std::vector<chat::Post> posts;
  for (std::uint64_t seq = 0; seq < 3; ++seq) {
    posts.push_back({.author = Id::of_name("author"),
                     .seq = seq,
                     .nick = "ann",
                     .room = "lobby",
                     .text = std::string(100, '\x01')});  // six octets of JSON each
  }
  auto seqs = [&](bool more, std::size_t bytes, bool says_more) {
    Json said = Json::parse(page::say_history("lobby", posts, more, bytes));
    CHECK(said["type"] == "history");
    CHECK(said["room"] == "lobby");
    CHECK(said["more"] == says_more);
    std::vector<std::uint64_t> found;
    for (const Json& post : said["posts"]) found.push_back(post["seq"]);
    return found;
  };
  using Seqs = std::vector<std::uint64_t>;
  CHECK(seqs(false, 1 << 20, false) == Seqs{0, 1, 2});
  CHECK(seqs(true, 1 << 20, true) == Seqs{0, 1, 2});
  CHECK(seqs(false, 1900, true) == Seqs{1, 2});
  CHECK(seqs(false, 1, true) == Seqs{2});
  posts.clear();
  CHECK(seqs(false, 1, false).empty());
}
