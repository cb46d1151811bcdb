#include <doctest/doctest.h>

#include <shoal/chat/plain_saying.hpp>

using namespace shoal;
using chat::make_name;
using chat::PlainSaying;
using chat::read_plain;

namespace {

PlainSaying read(std::string_view topic, std::string_view payload) {
  Result<PlainSaying> saying = read_plain(topic, payload);
  REQUIRE(saying);
  return *saying;
}

}  // namespace

TEST_CASE("PLAIN-2: JSON, bare text and one frame are understood") {
  PlainSaying json = read("chat", R"({"nick":"py","room":"den","text":"hi\n","kind":"does"})");
  CHECK(json.nick == "py");
  CHECK(json.room == "den");
  CHECK(json.text == "hi");
  CHECK(json.kind == wire::chat::Kind::does);
  CHECK_FALSE(json.by_peer);
  PlainSaying bare = read("chat", "hi {there}\n");
  CHECK(bare.nick == "plain");
  CHECK(bare.room == "");
  CHECK(bare.text == "hi {there}");
  CHECK(read("chat one frame", "").text == "one frame");
  CHECK(read("chat", "{no json").text == "{no json");
}

TEST_CASE("PLAIN-2: what is no text is left out") {
  for (std::string_view payload :
       {"", "\n", "\xff", R"({"nick":"a"})", R"({"text":7})", R"({"text_b64":"/w=="})"}) {
    CAPTURE(payload);
    CHECK_FALSE(read_plain("chat", payload));
  }
  CHECK_FALSE(read_plain("chat", std::string(8193, 'x')));
  CHECK_FALSE(read_plain("chatter", "hi"));
  CHECK_FALSE(read_plain("chat hi", "there"));
}

TEST_CASE("PLAIN-2: what may not stand in a name is written otherwise") {
  CHECK(make_name(" two words ") == "two_words");
  CHECK(make_name("a\x1b\xff\xe2\x80\xae") == "a___");
  CHECK(make_name("") == "");
  CHECK(make_name(std::string(80, 'x')).size() == 64);
  CHECK(make_name(std::string(63, 'x') + "\xc3\xa4").size() == 63);
}

TEST_CASE("PLAIN-1, PLAIN-3: a post is told, and known as a chat-peer's") {
  wire::chat::Post post{.author = Id::of_name("author"),
                        .seq = 7,
                        .nick = "anna",
                        .room = "lobby",
                        .text = "hi \"you\""};
  std::string payload = chat::write_plain(post);
  CHECK(payload == R"({"nick":"anna","room":"lobby","text":"hi \"you\"","kind":"says","author":")" +
                       post.author.hex() + R"(","seq":7})");
  PlainSaying saying = read("chat", payload);
  CHECK(saying.by_peer);
  CHECK(saying.text == post.text);
}
