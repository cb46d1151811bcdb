#include <string>

#include <doctest/doctest.h>

#include <shoal/net/endpoint.hpp>

using namespace shoal;
using namespace shoal::net;

namespace {

std::string full(std::string_view text) {
  Result<Endpoint> endpoint = parse_endpoint(text);
  return endpoint ? endpoint->text() : "none";
}

bool stays_here(std::string_view text) {
  Result<Endpoint> endpoint = parse_endpoint(text);
  REQUIRE(endpoint);
  return is_loopback(*endpoint);
}

}  // namespace

TEST_CASE("endpoint: short and full forms") {
  CHECK(full("5016") == "tcp://127.0.0.1:5016");
  CHECK(full(":5016") == "tcp://127.0.0.1:5016");
  CHECK(full("*") == "tcp://127.0.0.1:*");
  CHECK(full("host:5016") == "tcp://host:5016");
  CHECK(full("*:5016") == "tcp://*:5016");
  CHECK(full("[::1]:5016") == "tcp://[::1]:5016");
  CHECK(full("tcp://10.0.0.1:65535") == "tcp://10.0.0.1:65535");
  CHECK(full(" tcp://a_b-c.example:1 ") == "tcp://a_b-c.example:1");
  CHECK(full("tcp://[fe80::1%eth0]:5016") == "tcp://[fe80::1%eth0]:5016");
  CHECK(full("dns+tcp://workers:5016") == "dns+tcp://workers:5016");
  CHECK(full("ipc:///run/a b") == "ipc:///run/a b");
}

TEST_CASE("endpoint: IPv6 stands without brackets in `host`") {
  Result<Endpoint> endpoint = parse_endpoint("tcp://[::1]:5016");
  REQUIRE(endpoint);
  CHECK(endpoint->host == "::1");
  CHECK(endpoint->port == "5016");
}

TEST_CASE("endpoint: what is none says how to write it") {
  for (std::string text :
       {"",           "x",          "0",     "65536",       "host:",          "host:x",
        "tcp://",     "tcp://5016", "::1",   "::1:5016",    "[::1]",          "[host]:5016",
        "http://a:1", "ipc://",     "a b:1", "tcp://:5016", "tcp://host:016", "host:5016/x",
        "-1",         "host:+5"}) {
    CAPTURE(text);
    Result<Endpoint> endpoint = parse_endpoint(text);
    REQUIRE_FALSE(endpoint);
    CHECK(endpoint.reason().find("'" + text + "'") == 0);
    CHECK(endpoint.reason().find("write tcp://HOST:PORT") != std::string::npos);
  }
  CHECK_FALSE(parse_endpoint("ipc://" + std::string(108, 'x')));
  CHECK(parse_endpoint("ipc://" + std::string(107, 'x')));
}

TEST_CASE("endpoint: lists keep order and tell files apart") {
  Result<std::vector<EndpointSource>> list = parse_endpoint_list("5016,@peers.txt, tcp://a:1");
  REQUIRE(list);
  REQUIRE(list->size() == 3);
  CHECK(list->at(0).text == "5016");
  CHECK(list->at(1).text == "peers.txt");
  CHECK(list->at(1).is_file);
  CHECK(list->at(2).text == "tcp://a:1");
  CHECK_FALSE(list->at(2).is_file);
  for (std::string_view text : {"", ",", "5016,", ",5016", "5016,,5017", "@", "5016,x"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_endpoint_list(text));
  }
}

TEST_CASE("endpoint: files skip comments and blank lines, and name the line that is wrong") {
  Result<std::vector<Endpoint>> file =
      parse_endpoint_file("# peers\n\n5016 # the first\r\n  tcp://b:2\ntcp://c:3");
  REQUIRE(file);
  REQUIRE(file->size() == 3);
  CHECK(file->at(0).text() == "tcp://127.0.0.1:5016");
  CHECK(file->at(2).text() == "tcp://c:3");
  CHECK(parse_endpoint_file("")->empty());
  Result<std::vector<Endpoint>> wrong = parse_endpoint_file("5016\n\nhost\n");
  REQUIRE_FALSE(wrong);
  CHECK(wrong.reason().find("line 3: 'host'") == 0);
}

TEST_CASE("endpoint: only this machine's own addresses are loopback") {
  for (std::string_view text : {"5016", "127.9.9.9:1", "[::1]:1", "localhost:1", "ipc:///x",
                                "[::ffff:127.0.0.1]:1", "[::ffff:7f01:203]:1"}) {
    CAPTURE(text);
    CHECK(stays_here(text));
  }
  for (std::string_view text :
       {"*:1", "0.0.0.0:1", "10.0.0.1:1", "[::]:1", "a.localhost:1", "[::ffff:10.0.0.1]:1",
        "[::127.0.0.1]:1", "127.0.0.1.example:1", "dns+tcp://a:1"}) {
    CAPTURE(text);
    CHECK_FALSE(stays_here(text));
  }
}
