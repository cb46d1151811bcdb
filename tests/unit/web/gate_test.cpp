#include <doctest/doctest.h>

#include <shoal/web/gate.hpp>

using namespace shoal::web;

TEST_CASE("gate: a host is taken apart, or refused") {
  CHECK(split_host("Chat.example:8080").host == "chat.example");
  CHECK(split_host("chat.example:8080").port == "8080");
  CHECK(split_host("[::1]:80").host == "::1");
  CHECK(split_host("[::1]").port.empty());
  CHECK(split_host("localhost").host == "localhost");
  for (const char* bad : {"", "[::1", "host:", "host:8o", "host:123456", "[::1]80"}) {
    CAPTURE(bad);
    CHECK(split_host(bad).host.empty());
  }
}

TEST_CASE("gate: WEB-1, only addresses, localhost and names it was told are its own") {
  Gate gate("chat.example", {"https://front.example/"});
  for (const char* good : {"127.0.0.1:8080", "[::1]:80", "localhost:1", "10.1.2.3",
                           "CHAT.example:8080", "front.example"}) {
    CAPTURE(good);
    CHECK(gate.allows_host(good));
  }
  for (const char* bad : {"", "evil.example", "evil.example:8080", "127.0.0.1.evil.example",
                          "chat.example.evil", "127.0.0.1:8080:8080", "1.2.3"}) {
    CAPTURE(bad);
    CHECK_FALSE(gate.allows_host(bad));
  }
}

TEST_CASE("gate: WEB-1, a page of another origin may not connect") {
  Gate gate("127.0.0.1", {"https://front.example"});
  CHECK(gate.allows_origin("http://127.0.0.1:8080", "127.0.0.1:8080"));
  CHECK(gate.allows_origin("https://front.example", "127.0.0.1:8080"));
  CHECK(gate.allows_origin("HTTPS://Front.example", "127.0.0.1:8080"));
  CHECK(gate.allows_origin("", "127.0.0.1:8080"));
  for (const char* bad :
       {"null", "http://127.0.0.1:8081", "http://127.0.0.1", "https://127.0.0.1:8080",
        "http://evil.example", "http://127.0.0.1:8080.evil.example", "https://front.example.evil",
        "http://front.example"}) {
    CAPTURE(bad);
    CHECK_FALSE(gate.allows_origin(bad, "127.0.0.1:8080"));
  }
}
