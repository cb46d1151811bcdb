#include <doctest/doctest.h>

#include <shoal/base/error.hpp>
#include <shoal/web/gate.hpp>
#include <shoal/web/web_server.hpp>

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

TEST_CASE("gate: where to listen is HOST:PORT, or a port of this machine alone") {
  CHECK(parse_listen("8080").host == "127.0.0.1");
  CHECK(parse_listen("8080").port == "8080");
  CHECK(parse_listen("[::1]:80").host == "::1");
  CHECK(parse_listen("localhost").port == "0");
  CHECK(parse_listen("*:80").host == "*");
  for (const char* bad : {"", ":8080", "70000", "127.0.0.1:70000", "127.0.0.1:80a", "a b"}) {
    CAPTURE(bad);
    CHECK_THROWS_WITH_AS(parse_listen(bad), doctest::Contains("write HOST:PORT"), shoal::Error);
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

TEST_CASE("web: only a loopback address, or localhost, needs no token") {
  for (const char* here : {"127.0.0.1:8080", "127.1.2.3:1", "[::1]:0", "localhost:80"}) {
    CAPTURE(here);
    CHECK(WebServer::is_loopback(here));
  }
  for (const char* open :
       {"127.evil.example:80", "127.0.0.1.example:80", "10.0.0.1:80", "[::]:80", "*:80"}) {
    CAPTURE(open);
    CHECK_FALSE(WebServer::is_loopback(open));
  }
}

TEST_CASE("gate: WEB-1, an origin that would match nothing is none") {
  for (const char* good : {"https://chat.example", "HTTP://Chat.example:8080/", "http://[::1]:80",
                           "https://10.0.0.1", "https://a_b-c.example:443"}) {
    CAPTURE(good);
    CHECK(is_origin(good));
  }
  for (const char* bad : {"", "chat.example", "https://", "https:///", "ftp://chat.example",
                          "https://chat.example/chat", "https://*.example", "https://a b",
                          "https://anna@chat.example", "https://chat.example:", "null"}) {
    CAPTURE(bad);
    CHECK_FALSE(is_origin(bad));
  }
  Gate gate("127.0.0.1", {"https://front.example:443/"});
  CHECK(gate.allows_origin("https://front.example", "127.0.0.1:8080"));
}
