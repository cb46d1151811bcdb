#include <doctest/doctest.h>
#include <msgpack.hpp>

#include <shoal/base/little_endian.hpp>
#include <shoal/base/varint.hpp>
#include <shoal/wire/chat_messages.hpp>

using namespace shoal;
using namespace shoal::wire;
using namespace shoal::wire::chat;
using namespace std::chrono_literals;

namespace {

const Id a = Id::of_name("a");
const Id b = Id::of_name("b");

About full_about() {
  return {.node = a,
          .version = 7,
          .age = 1234ms,
          .nick = "anna",
          .endpoints = {"tcp://host:5040", std::string(255, 'e')},
          .links = {b},
          .users = {{"anna", {"attic", "lobby"}}, {"bert", {}}}};
}

std::vector<Any> examples() {
  Post post{.author = a, .seq = 3, .first = 1, .clock = 99, .nick = "anna", .room = "lobby"};
  post.text = "hello";
  Post acts = post;
  acts.kind = Kind::does;
  acts.text = std::string(most_text, 'x');
  Direct direct{.id = a, .origin = b, .target = a, .hops = 5, .nick = "anna", .to = "bert"};
  direct.text = "psst";
  return {Have{.all = true, .logs = {{a, 5}, {b, 1}}},
          Have{},
          post,
          acts,
          full_about(),
          About{.node = b, .version = 1, .left = true},
          direct,
          Receipt{.id = a, .origin = b, .hops = 1, .outcome = Outcome::no_way}};
}

Message have_with(std::string body) {
  Message message = encode(Have{});
  message.body = Bytes::take(std::move(body));
  return message;
}

std::string entry(const Id& author, std::uint64_t next) {
  std::string raw(author.bytes());
  put_number(raw, next);
  return raw;
}

Message about_with(std::string users) {
  Message message = encode(About{.node = a, .version = 1});
  message.body = Bytes::take(std::move(users));
  return message;
}

std::string user(const std::string& nick, const std::vector<std::string>& rooms) {
  std::string raw;
  put_sized(raw, nick);
  put_varint(raw, rooms.size());
  for (const std::string& room : rooms) put_sized(raw, room);
  return raw;
}

}  // namespace

TEST_CASE("chat messages: every one reads back as it was written") {
  for (const Any& example : examples()) {
    CAPTURE(example.index());
    Message message = encode(example);
    Result<Any> back = decode(message);
    REQUIRE(back);
    CHECK(back->index() == example.index());
    Message again = encode(*back);
    CHECK(again.head == message.head);
    CHECK(again.body == message.body);
  }
  Result<Any> back = decode(encode(full_about()));
  REQUIRE(back);
  const auto& about = std::get<About>(*back);
  CHECK(about.age == 1234ms);
  CHECK(about.users == full_about().users);
  CHECK(about.endpoints == full_about().endpoints);
  CHECK(about.links == full_about().links);
}

TEST_CASE("chat messages: CHAT-1, every truncation is refused, and nothing throws") {
  for (const Any& example : examples()) {
    CAPTURE(example.index());
    Message message = encode(example);
    for (std::size_t size = 0; size < message.head.size(); ++size) {
      CHECK_FALSE(decode({message.head.slice(0, size), message.body}));
    }
    CHECK_FALSE(decode({Bytes::copy(std::string(message.head.view()) + '\0'), message.body}));
    for (std::size_t size = 0; size < std::min<std::size_t>(message.body.size(), 99); ++size) {
      Result<Any> cut = decode({message.head, message.body.slice(0, size)});
      // Text may end anywhere, a vector between two entries, users between two of them.
      if (cut) CHECK(encode(*cut).body.size() == size);
    }
  }
}

TEST_CASE("chat messages: CHAT-1, a vector is ascending, with numbers that mean something") {
  const Id& low = std::min(a, b);
  const Id& high = std::max(a, b);
  CHECK(decode(have_with(entry(low, 1) + entry(high, 1))));
  CHECK_FALSE(decode(have_with(entry(high, 1) + entry(low, 1))));
  CHECK_FALSE(decode(have_with(entry(low, 1) + entry(low, 2))));
  CHECK_FALSE(decode(have_with(entry(low, 0))));
  CHECK_FALSE(decode(have_with(entry(low, std::uint64_t{1} << 63))));
  CHECK_FALSE(decode(have_with(entry(Id(), 1))));
  std::string many;
  for (std::uint64_t i = 0; i <= most_logs; ++i) {
    std::string raw(8, '\x01');
    for (int shift = 56; shift >= 0; shift -= 8) raw += static_cast<char>(i >> shift);
    many += entry(*Id::from_bytes(raw), 1);
  }
  CHECK_FALSE(decode(have_with(many)));
  CHECK(decode(have_with(many.substr(24))));
}

TEST_CASE("chat messages: CHAT-1, users are names, ascending, and not too many") {
  CHECK(decode(about_with(user("anna", {"lobby"}) + user("bert", {}))));
  CHECK_FALSE(decode(about_with(user("bert", {}) + user("anna", {}))));
  CHECK_FALSE(decode(about_with(user("anna", {}) + user("anna", {}))));
  CHECK_FALSE(decode(about_with(user("an na", {}))));
  CHECK_FALSE(decode(about_with(user("anna", {""}))));
  CHECK(decode(about_with(user("anna", std::vector<std::string>(most_rooms, "r")))));
  CHECK_FALSE(decode(about_with(user("anna", std::vector<std::string>(most_rooms + 1, "r")))));
  std::string many;
  for (std::size_t i = 0; i < most_users; ++i) many += user(std::to_string(10'000 + i), {});
  CHECK(decode(about_with(many)));
  CHECK_FALSE(decode(about_with(many + user("x", {}))));
  // A count of rooms that are not there costs nothing.
  std::string bomb;
  put_sized(bomb, "anna");
  put_varint(bomb, std::uint64_t{1} << 60);
  CHECK_FALSE(decode(about_with(bomb)));
}

TEST_CASE("chat messages: CHAT-1, limits of what a record tells") {
  About about{.node = a, .version = 1};
  about.endpoints.assign(most_endpoints, "tcp://h:1");
  about.links.assign(most_links, b);
  CHECK(decode(encode(about)));
  about.endpoints.push_back("tcp://h:2");
  CHECK_FALSE(decode(encode(about)));
  about.endpoints = {std::string(most_endpoint + 1, 'x')};
  CHECK_FALSE(decode(encode(about)));
  about.endpoints.clear();
  about.links.push_back(b);
  CHECK_FALSE(decode(encode(about)));
}

TEST_CASE("chat messages: CHAT-1, text is UTF-8 of 1 to 8192 octets") {
  CHECK(is_text("x"));
  CHECK(is_text(std::string(most_text, 'x')));
  CHECK_FALSE(is_text(""));
  CHECK_FALSE(is_text(std::string(most_text + 1, 'x')));
  CHECK_FALSE(is_text("\xff"));
  for (const Any& example : examples()) {
    bool has_text =
        std::holds_alternative<Post>(example) || std::holds_alternative<Direct>(example);
    if (!has_text) continue;
    Message message = encode(example);
    CHECK_FALSE(decode({message.head, {}}));
    CHECK_FALSE(decode({message.head, Bytes::copy("\xc0\xaf")}));
    CHECK_FALSE(decode({message.head, Bytes::take(std::string(most_text + 1, 'x'))}));
  }
}

TEST_CASE("chat messages: CHAT-1, names have nothing in them that cannot be seen") {
  for (const char* good : {"anna", "ünal", "名前", "a-b_c.d", "<b>"}) CHECK(is_name(good));
  CHECK(is_name(std::string(64, 'n')));
  CHECK_FALSE(is_name(std::string(65, 'n')));
  for (const char* bad :
       {"",           " ",          "a b",     "a\tb",    "a\nb",   "\x1b[2J",    "a\u00a0b",
        "\u202eanna", "an\u200bna", "\u2066x", "\ufeffx", "\xff",   "\u3000",     "\u0085",
        "\u3164",     "\u115fx",    "x\ufe0f", "\u2800",  "\uffa0", "x\U000e0041"}) {
    CAPTURE(bad);
    CHECK_FALSE(is_name(bad));
  }
}

TEST_CASE("chat messages: a post does not come before the oldest that is kept; hops are 1 to 16") {
  Post post = std::get<Post>(examples()[2]);
  post.first = post.seq + 1;
  CHECK_FALSE(decode(encode(post)));
  Receipt receipt{.id = a, .origin = b, .hops = 0};
  CHECK_FALSE(decode(encode(receipt)));
  receipt.hops = most_hops + 1;
  CHECK_FALSE(decode(encode(receipt)));
}

TEST_CASE("chat messages: an age beyond all bounds is just old") {
  About about{.node = a, .version = 1, .age = 24h * 365};
  Result<Any> back = decode(encode(about));
  REQUIRE(back);
  CHECK(std::get<About>(*back).age == 1h);
}
