#include <fstream>
#include <unistd.h>

#include <doctest/doctest.h>

#include <shoal/wire/port_frames.hpp>

#include "support/log_capture.hpp"
#include "support/node.hpp"
#include "support/raw_peer.hpp"

using namespace shoal;
using namespace shoal::net;
using namespace shoal::test;
using namespace std::chrono_literals;
using namespace std::string_literals;

namespace {

/// A sink with one honest worker, whom nothing that others do may bother.
struct Served {
  Served() : Served(PortLimits{}) {}
  explicit Served(PortLimits limits)
      : sink(loop.context, loop.reactor, with(limits)),
        honest(loop.context, loop.reactor, dialling(sink.endpoint(), "worker", {"sink"})) {
    REQUIRE(loop.until([&] { return sink.is_up() && honest.is_up(); }));
  }

  static PortOptions with(PortLimits limits) {
    PortOptions options = listening("sink", {"worker"});
    options.limits = limits;
    return options;
  }

  /// Brings `raw` up as a worker.
  void greet(RawPeer& raw) {
    std::size_t before = sink.ups.size();
    wire::Hello hello;
    hello.node = Id::random();
    hello.role = "worker";
    raw.send({wire::encode_hello(hello)});
    REQUIRE(loop.until([&] { return sink.ups.size() == before + 1; }));
    std::string answer;
    REQUIRE(loop.until([&] {
      return raw.receive(answer) && *wire::frame_kind(answer) == wire::FrameKind::hello;
    }));
  }

  /// The sink drops the peer that it last greeted, and serves the honest one as before.
  void check_dropped(const std::string& reason) {
    CAPTURE(reason);
    REQUIRE(loop.until([&] { return !sink.downs.empty(); }));
    CHECK(sink.downs.back().first == sink.peer());
    CHECK(sink.downs.back().second.reason.find(reason) == 0);
    std::size_t before = sink.messages.size();
    honest.send("still here");
    CHECK(loop.until([&] { return sink.messages.size() == before + 1; }));
    CHECK(honest.downs.empty());
    sink.downs.clear();
  }

  LogCapture log;
  Loop loop;
  Node sink;
  Node honest;
};

std::size_t resident_bytes() {
  std::size_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages >> pages;
  return pages * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace

TEST_CASE("hostile: PORT-5 a peer that breaks the protocol is dropped, and others notice nothing") {
  Served served;
  struct Case {
    std::vector<std::string> frames;
    std::string reason;
  };
  std::string hello = wire::encode_hello({.node = Id::random(), .role = "worker", .fields = {}});
  std::vector<Case> cases = {
      {{""}, "an empty frame"},
      {{"\x63"}, "a frame of unknown kind 99"},
      {{"\x05h", "body", "more"}, "too many frames"},
      {{"\x07\x91\x05", "x"}, "too many frames"},
      {{hello}, "a second HELLO"},
      {{"\x03\xdd\xff\xff\xff\xfe"}, "a malformed ALIVE"},
      {{"\x03\x91\xcf\x7f\xff\xff\xff\xff\xff\xff\xff"}, "a malformed ALIVE"},
      {{"\x04?"}, "a malformed PING"},
      {{"\x07\x91\x05"}, "a malformed BYE"},
      {{"\x02garbage"}, "malformed REFUSE"},
      {{"\x06"}, "a malformed MORE"},
      {{"\x06h", std::string(8192, 'x')}, "a malformed MORE"},
      {{"\x06", "tiny"}, "a piece that is too small"},
  };
  for (const Case& bad : cases) {
    RawPeer raw(served.sink.endpoint());
    served.greet(raw);
    raw.send(bad.frames);
    served.check_dropped(bad.reason);
  }
}

TEST_CASE("hostile: PORT-21 a body without its last piece is not the start of the next one") {
  Served served;
  RawPeer raw(served.sink.endpoint());
  served.greet(raw);
  raw.send({"\x06", std::string(8192, 'x')});
  raw.send({"\x05h"});
  served.check_dropped("a DATA without its last piece");
}

TEST_CASE("hostile: PORT-11 what is not a HELLO brings nobody up") {
  Served served;
  RawPeer raw(served.sink.endpoint());
  raw.send({"\x05head", "body"});
  raw.send({"\x01\xdd\xff\xff\xff\xfe"});
  raw.send({"\x01" + std::string(1'000'000, '\x91')});
  raw.send({""});
  raw.send({wire::encode_bye(0)});
  std::string answer;
  REQUIRE(served.loop.until([&] { return raw.receive(answer); }));
  CHECK(*wire::frame_kind(answer) == wire::FrameKind::refuse);
  served.greet(raw);
  CHECK(served.sink.ups.size() == 2);
  CHECK(served.sink.messages.empty());
}

TEST_CASE("hostile: PORT-18 limits of messages") {
  PortLimits limits;
  limits.message_bytes = 1'000'000;
  limits.head_bytes = 1000;
  Served served(limits);
  SUBCASE("a head") {
    RawPeer raw(served.sink.endpoint());
    served.greet(raw);
    raw.send({"\x05" + std::string(1001, 'h')});
    served.check_dropped("a head over the limit of 1000B");
  }
  SUBCASE("a message in pieces") {
    RawPeer raw(served.sink.endpoint());
    served.greet(raw);
    for (int i = 0; i < 10; ++i) raw.send({"\x06", std::string(200'000, 'x')});
    served.check_dropped("a message over the limit");
  }
  SUBCASE("the last piece") {
    RawPeer raw(served.sink.endpoint());
    served.greet(raw);
    for (int i = 0; i < 5; ++i) raw.send({"\x06", std::string(200'000, 'x')});
    raw.send({"\x05h", ""});
    served.check_dropped("a message over the limit");
  }
  SUBCASE("exactly at the limit is welcome") {
    RawPeer raw(served.sink.endpoint());
    served.greet(raw);
    for (int i = 0; i < 4; ++i) raw.send({"\x06", std::string(200'000, 'x')});
    raw.send({"\x05" + std::string(1000, 'h'), std::string(199'000, 'x')});
    REQUIRE(served.loop.until([&] { return served.sink.messages.size() == 1; }));
    CHECK(served.sink.messages[0].second.size() == 1'000'000);
  }
  SUBCASE("a frame: libzmq ends the connection") {
    RawPeer raw(served.sink.endpoint());
    served.greet(raw);
    raw.send({"\x05h", std::string(400'000, 'x')});
    served.check_dropped("connection lost");
  }
}

TEST_CASE("hostile: PORT-18 a frame of body over 256 KiB, however large heads may be") {
  Served served;
  const std::string large(300'000, 'x');
  for (const char* first : {"\x06", "\x05h"}) {
    RawPeer raw(served.sink.endpoint());
    served.greet(raw);
    raw.send({first, large});
    served.check_dropped("a frame over the limit of 256K");
  }
}

TEST_CASE("hostile: a flood of pieces and of PINGs does not fill the memory") {
  PortLimits limits;
  limits.message_bytes = 8UL << 20;
  Served served(limits);
  std::size_t before = resident_bytes();
  std::string piece(256UL << 10, 'x');
  for (int round = 0; round < 10; ++round) {
    RawPeer raw(served.sink.endpoint());
    raw.socket().set(zmq::sockopt::sndhwm, 16);
    served.greet(raw);
    std::size_t downs = served.sink.downs.size();
    served.loop.until([&] {
      for (int i = 0; i < 8; ++i) {
        if (!raw.socket().send(zmq::str_buffer("\x06"),
                               zmq::send_flags::sndmore | zmq::send_flags::dontwait))
          break;
        raw.socket().send(zmq::buffer(piece), zmq::send_flags::dontwait);
      }
      return served.sink.downs.size() > downs;
    });
    CHECK(served.sink.downs.size() == downs + 1);
  }
  RawPeer pinging(served.sink.endpoint());
  served.greet(pinging);
  for (int i = 0; i < 200'000; ++i) pinging.send({"\x04"});
  served.honest.send("after the flood");
  CHECK(served.loop.until([&] { return served.sink.messages.size() == 1; }));
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // they keep what was freed
  CHECK(resident_bytes() < before + (64UL << 20));
#else
  CHECK(before > 0);
#endif
}

TEST_CASE("hostile: lines about peers are few, whatever the peers do") {
  Served served;
  const Time began = served.loop.reactor.now();
  for (int i = 0; i < 300; ++i) {
    RawPeer raw(served.sink.endpoint());
    wire::Hello hello;
    hello.node = Id::random();
    hello.role = "role " + std::to_string(i);
    raw.send({wire::encode_hello(hello)});
    std::string answer;
    REQUIRE(served.loop.until([&] { return raw.receive(answer); }));
  }
  // Ten a second, and one that tells how many were left out.
  const auto seconds = (served.loop.reactor.now() - began) / 1s + 2;
  CHECK(std::cmp_less_equal(served.log.count(""), 11 * seconds));
  CHECK(served.log.count("refused role 0") == 1);
}
