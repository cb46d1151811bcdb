#include <string>

#include <doctest/doctest.h>
#include <msgpack.hpp>

#include <shoal/wire/port_frames.hpp>

using namespace shoal;
using namespace shoal::wire;
using namespace std::string_literals;

namespace {

Hello sample_hello() {
  Hello hello;
  hello.minor = 7;
  hello.node = Id::of_name("a node");
  hello.role = "worker";
  hello.fields = {{"empty", ""}, {"raw", "\0\xff binary"s}};
  return hello;
}

std::string_view content_of(const std::string& frame, FrameKind kind) {
  REQUIRE(frame_kind(frame));
  REQUIRE(*frame_kind(frame) == kind);
  return frame_content(frame);
}

// Every decoder on `content`, none of which may accept it.
void check_refused(std::string_view content) {
  CHECK_FALSE(decode_hello(content));
  CHECK_FALSE(decode_refuse(content));
  CHECK_FALSE(decode_received(content));
}

}  // namespace

TEST_CASE("port frames: PORT-3 the kind is the first octet, and only seven are known") {
  CHECK_FALSE(frame_kind(""));
  CHECK_FALSE(frame_kind("\0"s));
  CHECK_FALSE(frame_kind("\x08"));
  CHECK_FALSE(frame_kind("\xff"));
  CHECK(*frame_kind("\x05rest") == FrameKind::data);
  CHECK(frame_content("\x05rest") == "rest");
  CHECK(*frame_kind(encode_ping()) == FrameKind::ping);
}

TEST_CASE("port frames: PORT-10 HELLO comes back as it was") {
  Hello hello = sample_hello();
  std::string frame = encode_hello(hello);
  Result<Hello> back = decode_hello(content_of(frame, FrameKind::hello));
  REQUIRE(back);
  CHECK(back->major == protocol_major);
  CHECK(back->minor == 7);
  CHECK(back->node == hello.node);
  CHECK(back->role == "worker");
  CHECK(back->fields == hello.fields);
}

TEST_CASE("port frames: REFUSE, ALIVE and BYE come back as they were") {
  std::string refuse = encode_refuse({.code = RefuseCode::role, .reason = "no sinks here"});
  Result<Refuse> back = decode_refuse(content_of(refuse, FrameKind::refuse));
  REQUIRE(back);
  CHECK(back->code == RefuseCode::role);
  CHECK(back->reason == "no sinks here");
  for (std::uint64_t count : {0ULL, 127ULL, 128ULL, 1ULL << 32U, ~0ULL}) {
    std::string alive = encode_alive(count);
    std::string bye = encode_bye(count);
    CHECK(*decode_received(content_of(alive, FrameKind::alive)) == count);
    CHECK(*decode_received(content_of(bye, FrameKind::bye)) == count);
  }
}

TEST_CASE("port frames: PORT-4 unknown fields and longer arrays are ignored") {
  msgpack::sbuffer buffer;
  msgpack::packer packer(buffer);
  packer.pack_map(5);
  packer.pack(42).pack("a key that is not text");
  packer.pack("later").pack_map(1).pack("x").pack_array(1).pack(1);
  packer.pack("v").pack_array(3).pack(1).pack(9).pack(3);
  packer.pack("node").pack_bin(16).pack_bin_body(Id::of_name("n").bytes().data(), 16);
  packer.pack("role").pack("sink");
  Result<Hello> hello = decode_hello({buffer.data(), buffer.size()});
  REQUIRE(hello);
  CHECK(hello->minor == 9);
  CHECK(hello->role == "sink");
  CHECK(hello->fields.empty());
  CHECK(*decode_received("\x92\x05\xc0") == 5);
}

TEST_CASE("port frames: PORT-12 the version of another major version reads whatever else it says") {
  Result<Hello> hello = decode_hello("\x81\xa1v\x92\x02\x00"s);
  REQUIRE(hello);
  CHECK(hello->major == 2);
}

TEST_CASE("port frames: PORT-5 what is not exactly one frame is malformed") {
  std::string hello = encode_hello(sample_hello());
  std::string refuse = encode_refuse({.code = RefuseCode::full, .reason = "enough"});
  std::string alive = encode_alive(1ULL << 40U);
  for (const std::string& frame : {hello, refuse, alive}) {
    for (std::size_t length = 1; length < frame.size(); ++length) {
      check_refused(frame_content(frame.substr(0, length)));
    }
    check_refused(frame_content(frame + '\0'));
    check_refused(frame_content(frame + frame));
  }
}

TEST_CASE("port frames: lengths that lie and deep nesting are malformed, not memory") {
  check_refused("\xdd\xff\xff\xff\xfe"s);
  check_refused("\xdf\xff\xff\xff\xfe"s);
  check_refused("\xdb\xff\xff\xff\xfe"s);
  check_refused("\xc6\xff\xff\xff\xfe"s);
  check_refused(std::string(1'000'000, '\x91'));
  check_refused(std::string(1'000'000, '\x81'));
  check_refused("\xc1"s);
}

TEST_CASE("port frames: values of the wrong type are malformed") {
  check_refused("\xc0"s);
  check_refused("\x90"s);
  CHECK_FALSE(decode_hello("\x80"s));
  CHECK_FALSE(decode_hello("\x81\xa1v\x92\x01\xa1x"s));
  CHECK_FALSE(decode_hello("\x81\xa1v\x92\x01\x00"s));
  CHECK_FALSE(
      decode_refuse("\x81\xa4"
                    "code\xff"s));
  CHECK_FALSE(decode_received("\x91\xff"s));
}
