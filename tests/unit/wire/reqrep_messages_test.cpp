#include <doctest/doctest.h>

#include <shoal/wire/msgpack_map.hpp>
#include <shoal/wire/reqrep_messages.hpp>

#include "hostile_messages.hpp"

using namespace shoal;
using namespace shoal::test;
using namespace shoal::wire;
using namespace shoal::wire::reqrep;
using namespace std::chrono_literals;

namespace {

const Id one = Id::of_name("one");
const Id two = Id::of_name("two");

Requests two_requests() {
  return {.requests = {{one, 1500ms, Bytes::copy("body")}, {two, 2ms, Bytes::copy("of two")}},
          .attempt = 3,
          .hops = 2,
          .notify = true,
          .return_to = "tcp://127.0.0.1:7000",
          .headers = {{"key", std::string(300, 'v')}, {"", ""}},
          .path = {two, one}};
}

Replies three_replies() {
  return {.replies = {{.id = one, .output = Bytes::copy("out"), .error = Bytes::copy("err")},
                      {.id = two, .kind = ReplyKind::signalled, .status = 9, .from = one},
                      {.id = Id::of_name("three"),
                       .kind = ReplyKind::delivered,
                       .status = UINT32_MAX,
                       .error = Bytes::copy("more")}}};
}

std::vector<Any> examples() {
  return {two_requests(),     Requests{.requests = {{one, 1s, {}}}},
          Cancel{{one, two}}, Got{{two}},
          three_replies(),    Replies{.replies = {{.id = one, .output = Bytes::copy("o")}}},
          Waiting{one, {two}}};
}

/// The fields of a valid message, to be broken one at a time.
struct Draft {
  std::string ids = std::string(one.bytes()) + std::string(two.bytes());
  std::string remaining = std::string(8, '\1');
  std::string sizes = std::string("\1\0\0\0\2\0\0\0", 8);
  std::string headers{};
  std::string path{};
  std::uint64_t attempt = 1;
  std::uint64_t hops = 0;
  Bytes body = Bytes::copy("abb");

  Message message() const {
    MapWriter map;
    map.put_text("type", "requests");
    map.put_bytes("ids", ids);
    map.put_bytes("remaining_ms", remaining);
    map.put_bytes("sizes", sizes);
    map.put("attempt", attempt);
    map.put("hops", hops);
    map.put_bytes("headers", headers);
    map.put_bytes("path", path);
    map.put("unknown", true);
    return {map.take(), body};
  }
};

struct ReplyDraft {
  std::string kinds = std::string(2, '\0');
  std::string statuses = std::string(8, '\0');
  std::string sizes = std::string("\1\0\0\0\2\0\0\0", 8);
  std::string error_sizes{};
  std::string from{};

  Message message() const {
    MapWriter map;
    map.put_text("type", "replies");
    map.put_bytes("ids", Draft().ids);
    map.put_bytes("kinds", kinds);
    map.put_bytes("statuses", statuses);
    map.put_bytes("sizes", sizes);
    map.put_bytes("error_sizes", error_sizes);
    map.put_bytes("from", from);
    return {map.take(), Bytes::copy("abb")};
  }
};

template <typename Drafted, typename Change>
bool refused(Change change) {
  Drafted draft;
  change(draft);
  return !decode(draft.message());
}

}  // namespace

TEST_CASE("reqrep messages: every one reads back as it was written") {
  for (const Any& example : examples()) {
    Message message = encode(example);
    Result<Any> back = decode(message);
    CAPTURE(example.index());
    REQUIRE(back);
    CHECK(back->index() == example.index());
    Message again = encode(*back);
    CHECK(again.head == message.head);
    CHECK(again.body == message.body);
  }
  auto requests = std::get<Requests>(*decode(encode(two_requests())));
  CHECK(requests.requests[1].id == two);
  CHECK(requests.requests[1].remaining == 2ms);
  CHECK(requests.requests[1].body.view() == "of two");
  CHECK(requests.headers == two_requests().headers);
  CHECK(requests.notify);
  CHECK(requests.path == std::vector{two, one});
  auto replies = std::get<Replies>(*decode(encode(three_replies())));
  CHECK(replies.replies[0].output.view() == "out");
  CHECK(replies.replies[0].error.view() == "err");
  CHECK(replies.replies[0].from.is_nil());
  CHECK(replies.replies[1].from == one);
  CHECK(replies.replies[2].status == UINT32_MAX);
}

TEST_CASE("reqrep messages: a single body is not copied") {
  Bytes body = Bytes::copy(std::string(100'000, 'x'));
  Message message = encode(Requests{.requests = {{one, 1s, body}}});
  CHECK(message.body.data() == body.data());
  auto back = std::get<Requests>(*decode(message));
  CHECK(back.requests[0].body.data() == body.data());
  Message reply = encode(Replies{.replies = {{.id = one, .error = body}}});
  CHECK(reply.body.data() == body.data());
}

TEST_CASE("reqrep messages: REQ-3, what remains is rounded up and bounded") {
  auto after = [](Duration remaining) {
    auto back = decode(encode(Requests{.requests = {{one, remaining, {}}}}));
    return std::get<Requests>(*back).requests[0].remaining;
  };
  CHECK(after(1ns) == 1ms);
  CHECK(after(0ns) == 0ms);
  CHECK(after(-5s) == 0ms);
  CHECK(after(Duration::max()) == std::chrono::milliseconds(UINT32_MAX));
}

TEST_CASE("reqrep messages: REQ-1, truncated and flipped heads are refused or read") {
  check_broken_heads(encoded(examples()), decode);
}

TEST_CASE("reqrep messages: REQ-1, a truncated body is refused") {
  for (const Message& message : encoded(examples())) {
    for (std::size_t size = 0; size < message.body.size(); ++size) {
      CHECK_FALSE(decode({message.head, message.body.slice(0, size)}));
    }
  }
}

TEST_CASE("reqrep messages: REQ-1, bombs and unknown types are refused") {
  check_bombs(decode);
  MapWriter bare;
  bare.put_text("type", "cancel");
  CHECK(decode({bare.take(), {}}).reason() == "cancel: the field 'ids' is missing or wrong");
}

TEST_CASE("reqrep messages: REQ-1, fields out of bounds in requests") {
  auto wrong = [](auto change) { return refused<Draft>(change); };
  CHECK_FALSE(wrong([](Draft&) {}));
  CHECK(wrong([](Draft& d) { d.ids.pop_back(); }));
  CHECK(wrong([](Draft& d) { d.ids.clear(); }));
  CHECK(wrong([](Draft& d) { d.ids.replace(0, 16, 16, '\0'); }));
  CHECK(wrong([](Draft& d) { d.remaining += "abcd"; }));
  CHECK(wrong([](Draft& d) { d.sizes.resize(4); }));
  CHECK(wrong([](Draft& d) { d.sizes = std::string(8, '\xff'); }));
  CHECK(wrong([](Draft& d) { d.body = Bytes::copy("ab"); }));
  CHECK(wrong([](Draft& d) { d.body = Bytes::copy("abbb"); }));
  CHECK(wrong([](Draft& d) { d.attempt = std::uint64_t{1} << 32; }));
  CHECK(wrong([](Draft& d) { d.hops = UINT32_MAX; }));
  CHECK(wrong([](Draft& d) { d.path = "a node"; }));
  CHECK_FALSE(wrong([](Draft& d) { d.path = std::string(64 * 16, 'n'); }));
  CHECK(wrong([](Draft& d) { d.path = std::string(65 * 16, 'n'); }));
  CHECK(wrong([](Draft& d) { d.headers = "\x05"; }));
  CHECK(wrong([](Draft& d) { d.headers = "\x01k"; }));
  CHECK(wrong([](Draft& d) { d.headers = "\xff\xff\xff\xff\xff"; }));
  CHECK(wrong([](Draft& d) { d.headers = std::string(70'000, '\0'); }));
  CHECK(wrong([](Draft& d) {
    for (char key = 0; key < 65; ++key) d.headers += std::string("\1") + key + std::string(1, '\0');
  }));
  CHECK(wrong([](Draft& d) {
    for (int i = 0; i < 5000; ++i) d.ids += one.bytes();
    d.sizes = d.remaining = std::string(5002 * 4, '\0');
    d.body = {};
  }));
}

TEST_CASE("reqrep messages: REQ-1, fields out of bounds in replies") {
  auto wrong = [](auto change) { return refused<ReplyDraft>(change); };
  CHECK_FALSE(wrong([](ReplyDraft&) {}));
  CHECK(wrong([](ReplyDraft& d) { d.kinds = std::string("\0\x0a", 2); }));
  CHECK(wrong([](ReplyDraft& d) { d.kinds = std::string(3, '\0'); }));
  CHECK(wrong([](ReplyDraft& d) { d.statuses.clear(); }));
  CHECK(wrong([](ReplyDraft& d) { d.sizes = std::string(8, '\0'); }));
  CHECK(wrong([](ReplyDraft& d) { d.error_sizes = std::string(4, '\0'); }));
  CHECK(wrong([](ReplyDraft& d) { d.error_sizes = std::string("\1\0\0\0\0\0\0\0", 8); }));
  CHECK(wrong([](ReplyDraft& d) { d.from = std::string(16, 'x'); }));
  CHECK_FALSE(wrong([](ReplyDraft& d) { d.from = std::string(32, '\0'); }));
}
