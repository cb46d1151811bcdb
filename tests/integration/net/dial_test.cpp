#include <atomic>
#include <filesystem>
#include <iterator>
#include <mutex>
#include <sys/socket.h>
#include <thread>

#include <doctest/doctest.h>
#include <zmq.hpp>

#include <shoal/base/error.hpp>
#include <shoal/net/keys.hpp>

#include "support/log_capture.hpp"
#include "support/node.hpp"
#include "support/tcp_proxy.hpp"
#include "support/temp_dir.hpp"

using namespace shoal;
using namespace shoal::net;
using namespace shoal::test;
using namespace std::chrono_literals;
using namespace std::string_literals;

namespace {

const std::string greeting = "\xff\0\0\0\0\0\0\0\x01\x7f\x03\0NULL"s + std::string(48, '\0');

/// Speaks just enough ZMTP to the first who connects to ruin a libzmq dialler for good.
class FakeServer {
 public:
  explicit FakeServer(std::string after_greeting)
      : listener_(listen_on_loopback(port_)), thread_([this, words = std::move(after_greeting)] {
          Fd peer(accept(listener_.get(), nullptr, nullptr));
          std::string all = greeting + words;
          send(peer.get(), all.data(), all.size(), MSG_NOSIGNAL);
          char buffer[256];
          while (recv(peer.get(), buffer, sizeof buffer, 0) > 0) continue;
          served_ = true;
        }) {}
  ~FakeServer() {
    shutdown(listener_.get(), SHUT_RDWR);
    thread_.join();
  }

  std::string endpoint() const { return "tcp://127.0.0.1:" + std::to_string(port_); }
  bool served() const { return served_; }

 private:
  std::uint16_t port_ = 0;
  Fd listener_;
  std::atomic<bool> served_ = false;
  std::thread thread_;
};

/// Dials what `serve` gives until it has been let down, then a real peer at the same place.
void check_recovers_from(const std::string& after_greeting) {
  Loop loop;
  auto fake = std::make_unique<FakeServer>(after_greeting);
  std::string endpoint = fake->endpoint();
  Node worker(loop.context, loop.reactor, dialling(endpoint, "worker", {"sink"}));
  REQUIRE(loop.until([&] { return fake->served(); }));
  fake.reset();
  PortOptions real = port_options("sink", {"worker"});
  real.binds = {endpoint};
  Node sink(loop.context, loop.reactor, real);
  REQUIRE(loop.until([&] { return worker.is_up() && sink.is_up(); }, 10s));
  worker.send("through");
  CHECK(loop.until([&] { return sink.messages.size() == 1; }));
  CHECK(worker.downs.empty());
}

const std::string ready = "\x04\x1c\x05READY\x0bSocket-Type\0\0\0\x06ROUTER"s;

template <typename Prepare>
void check_recovers_from_socket(zmq::socket_type type, Prepare prepare) {
  Loop loop;
  zmq::context_t context;
  auto fake = std::make_unique<zmq::socket_t>(context, type);
  prepare(*fake);
  fake->set(zmq::sockopt::linger, 0);
  zmq::socket_t monitor(context, zmq::socket_type::pair);
  REQUIRE(zmq_socket_monitor(fake->handle(), "inproc://fake",
                             ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
                                 ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL) == 0);
  monitor.connect("inproc://fake");
  fake->bind("tcp://127.0.0.1:*");
  std::string endpoint = fake->get(zmq::sockopt::last_endpoint);
  Node worker(loop.context, loop.reactor, dialling(endpoint, "worker", {"sink"}));
  zmq::message_t event;
  REQUIRE(loop.until([&] { return monitor.recv(event, zmq::recv_flags::dontwait).has_value(); }));
  zmq_socket_monitor(fake->handle(), nullptr, 0);
  fake->unbind(endpoint);
  fake.reset();
  PortOptions real = port_options("sink", {"worker"});
  real.binds = {endpoint};
  auto bound = [&]() -> std::unique_ptr<Node> {
    try {
      return std::make_unique<Node>(loop.context, loop.reactor, real);
    } catch (const Error&) {
      return nullptr;  // the fake's listener is still being closed
    }
  };
  std::unique_ptr<Node> sink;
  REQUIRE(loop.until([&] { return (sink = bound()) != nullptr; }));
  CHECK(loop.until([&] { return worker.is_up() && sink->is_up(); }, 10s));
}

}  // namespace

TEST_CASE("dial: PORT-2 recovers from a peer of another socket type") {
  check_recovers_from_socket(zmq::socket_type::pub, [](zmq::socket_t&) {});
}

TEST_CASE("dial: PORT-2 recovers from a peer that wants CURVE") {
  check_recovers_from_socket(zmq::socket_type::router, [](zmq::socket_t& socket) {
    KeyPair pair = make_key_pair();
    socket.set(zmq::sockopt::curve_server, true);
    socket.set(zmq::sockopt::curve_secretkey, pair.secret_key);
  });
}

TEST_CASE("dial: PORT-2 recovers from an ERROR command") {
  check_recovers_from(
      "\x04\x0a\x05"
      "ERROR\x03"
      "400"s);
}

TEST_CASE("dial: PORT-2 recovers from a frame of 2^40 bytes") {
  check_recovers_from(ready + "\x02\0\0\x01\0\0\0\0\0"s);
}

TEST_CASE("dial: the connection is dialled afresh whenever it breaks") {
  Loop loop;
  Node sink(loop.context, loop.reactor, listening("sink", {"worker"}));
  TcpProxy proxy(port_of(sink.endpoint()));
  Node worker(loop.context, loop.reactor, dialling(proxy.endpoint(), "worker", {"sink"}));
  for (std::size_t i = 1; i <= 5; ++i) {
    REQUIRE(loop.until([&] { return worker.ups.size() == i && sink.ups.size() == i; }));
    proxy.cut();
    REQUIRE(loop.until([&] { return worker.downs.size() == i && sink.downs.size() == i; }));
    CHECK_FALSE(worker.downs.back().second.left);
    CHECK_FALSE(sink.downs.back().second.left);
  }
}

TEST_CASE("dial: trying for long uses nothing up") {
  Loop loop;
  PortOptions dial = dialling(free_endpoint(), "worker", {"sink"});
  dial.redial_first = dial.redial_most = 1ms;
  Node worker(loop.context, loop.reactor, dial);
  loop.pass(100ms);
  auto descriptors = [] {
    std::filesystem::directory_iterator all("/proc/self/fd");
    return std::distance(begin(all), end(all));
  };
  auto before = descriptors();
  loop.pass(600ms);
  CHECK(descriptors() < before + 10);
}

TEST_CASE("dial: every address of a name is tried in turn") {
  Loop loop;
  Node sink(loop.context, loop.reactor, listening("sink", {"worker"}));
  std::string port = std::to_string(port_of(sink.endpoint()));
  PortOptions dial = dialling("tcp://localhost:" + port, "worker", {"sink"});
  dial.lookup = [](const std::string& host) -> Result<std::vector<std::string>> {
    if (host != "localhost") return Failure{"unknown"};
    return std::vector<std::string>{"127.0.0.2", "127.0.0.3", "127.0.0.1"};
  };
  Node worker(loop.context, loop.reactor, dial);
  CHECK(loop.until([&] { return worker.is_up() && sink.is_up(); }));
}

TEST_CASE("dial: a name that cannot be looked up is said once and tried again") {
  LogCapture log;
  Loop loop;
  Node sink(loop.context, loop.reactor, listening("sink", {"worker"}));
  std::string port = std::to_string(port_of(sink.endpoint()));
  PortOptions dial = dialling("tcp://localhost:" + port, "worker", {"sink"});
  auto asked = std::make_shared<std::atomic<int>>(0);
  dial.lookup = [asked](const std::string&) -> Result<std::vector<std::string>> {
    if (++*asked < 4) return Failure{"no such host"};
    return std::vector<std::string>{"127.0.0.1"};
  };
  Node worker(loop.context, loop.reactor, dial);
  REQUIRE(loop.until([&] { return worker.is_up(); }));
  CHECK(log.count("cannot look up localhost: no such host") == 1);
}

TEST_CASE("dial: dns+tcp dials every address, each a peer of its own") {
  Loop loop;
  PortOptions first = port_options("sink", {"worker"});
  first.binds = {"tcp://127.0.0.2:*"};
  Node one(loop.context, loop.reactor, first);
  std::string port = std::to_string(port_of(one.endpoint()));
  PortOptions second = port_options("sink", {"worker"});
  second.binds = {"tcp://127.0.0.3:" + port};
  Node two(loop.context, loop.reactor, second);
  Context open(loop.reactor, {.key = {}, .trust = {}, .insecure = true});
  auto known = std::make_shared<std::atomic<int>>(1);
  PortOptions dial = dialling("dns+tcp://sinks.example:" + port, "worker", {"sink"});
  dial.lookup_again = 20ms;
  dial.lookup = [known](const std::string&) -> Result<std::vector<std::string>> {
    if (*known == 1) return std::vector<std::string>{"127.0.0.2"};
    return std::vector<std::string>{"127.0.0.2", "127.0.0.3"};
  };
  {
    Node worker(open, loop.reactor, dial);
    REQUIRE(loop.until([&] { return worker.port().peer_count() == 1; }));
    CHECK(worker.ups.at(0).second.node == first.node);
    *known = 2;
    REQUIRE(loop.until([&] { return worker.port().peer_count() == 2; }));
    CHECK(worker.ups.at(1).second.node == second.node);
    CHECK(worker.port().all_dialled());
  }
}

TEST_CASE("dial: a lookup that hangs holds up neither the loop nor the end") {
  Loop loop;
  Node sink(loop.context, loop.reactor, listening("sink", {"worker"}));
  auto gate = std::make_shared<std::mutex>();
  std::unique_lock<std::mutex> hang(*gate);
  PortOptions dial = dialling("tcp://localhost:1", "worker", {"sink"});
  dial.connects.push_back(sink.endpoint());
  dial.lookup = [gate](const std::string&) -> Result<std::vector<std::string>> {
    std::lock_guard<std::mutex> wait(*gate);
    return std::vector<std::string>{};
  };
  {
    Node worker(loop.context, loop.reactor, dial);
    CHECK(loop.until([&] { return worker.is_up(); }));
    CHECK_FALSE(worker.port().all_dialled());
  }
  hang.unlock();
}

TEST_CASE("dial: @FILE is read again when it changes") {
  LogCapture log;
  TempDir dir;
  Loop loop;
  Node one(loop.context, loop.reactor, listening("sink", {"worker"}));
  Node two(loop.context, loop.reactor, listening("sink", {"worker"}));
  std::filesystem::path file = dir / "peers";
  Node worker(loop.context, loop.reactor, dialling("@" + file.string(), "worker", {"sink"}));
  CHECK(log.count("cannot read") == 1);
  dir.write("peers", one.endpoint() + "\n");
  REQUIRE(loop.until([&] { return one.is_up(); }));
  dir.write("peers", "# both\n" + one.endpoint() + "\n" + two.endpoint() + "\n");
  REQUIRE(loop.until([&] { return two.is_up(); }));
  CHECK(one.downs.empty());
  dir.write("peers", "this is no endpoint\n");
  REQUIRE(loop.until([&] { return log.count("line 1: 'this is no endpoint'") == 1; }));
  CHECK(worker.port().peer_count() == 2);
  dir.write("peers", two.endpoint() + "\n");
  REQUIRE(loop.until([&] { return !one.downs.empty(); }));
  CHECK(one.downs[0].second.left);
  CHECK(two.downs.empty());
  CHECK(worker.port().all_dialled());
}

TEST_CASE("dial: what peers name is dialled as well, and let go when it is named no more") {
  LogCapture log;
  Loop loop;
  Node given(loop.context, loop.reactor, listening("sink", {"worker"}));
  Node named(loop.context, loop.reactor, listening("sink", {"worker"}));
  Node worker(loop.context, loop.reactor, dialling(given.endpoint(), "worker", {"sink"}));
  worker.port().dial_also({named.endpoint(), "127.0.0.1:*", "nonsense\x1b[31m"});
  REQUIRE(loop.until([&] { return worker.ups.size() == 2 && given.is_up() && named.is_up(); }));
  CHECK(log.text().find("cannot dial 127.0.0.1:*") != std::string::npos);
  CHECK(log.text().find("cannot dial nonsense") != std::string::npos);
  CHECK(log.text().find('\x1b') == std::string::npos);
  worker.port().dial_also({});
  REQUIRE(loop.until([&] { return named.downs.size() == 1 && worker.downs.size() == 1; }));
  CHECK(named.downs[0].second.left);
  CHECK(given.is_up());
}

TEST_CASE("dial: whoever we wait for is named on stderr") {
  LogCapture log;
  Loop loop;
  PortOptions listen = listening("sink", {"worker"});
  listen.waiting_notice = 10ms;
  auto sink = std::make_unique<Node>(loop.context, loop.reactor, listen);
  std::string endpoint = sink->endpoint();
  REQUIRE(loop.until([&] { return log.count("waiting for a worker to dial " + endpoint) == 1; }));
  PortOptions dial = dialling(endpoint, "worker", {"sink", "tee"});
  Node worker(loop.context, loop.reactor, dial);
  REQUIRE(loop.until([&] { return worker.is_up(); }));
  sink.reset();
  REQUIRE(loop.until([&] { return !worker.downs.empty(); }));
  CHECK(log.count("waiting") == 1);
}

TEST_CASE("dial: waiting is said again when all peers are lost") {
  LogCapture log;
  Loop loop;
  auto sink = std::make_unique<Node>(loop.context, loop.reactor, listening("sink", {"worker"}));
  PortOptions dial = dialling(sink->endpoint(), "worker", {"sink", "tee"});
  dial.waiting_notice = 50ms;
  Node worker(loop.context, loop.reactor, dial);
  REQUIRE(loop.until([&] { return worker.is_up(); }));
  std::string line = "waiting again for a sink or a tee at " + sink->endpoint();
  sink.reset();
  CHECK(loop.until([&] { return log.count(line) == 1; }));
}

TEST_CASE("dial: what cannot be bound or dialled is an error that names it") {
  Loop loop;
  auto code = [&](const PortOptions& options) {
    try {
      Node node(loop.context, loop.reactor, options);
    } catch (const Error& error) {
      return error.code();
    }
    return ExitCode::ok;
  };
  Node sink(loop.context, loop.reactor, listening("sink", {"worker"}));
  PortOptions options = port_options("worker", {"sink"});
  options.binds = {sink.endpoint()};
  CHECK(code(options) == ExitCode::error);
  options.binds = {"nonsense"};
  CHECK(code(options) == ExitCode::usage);
  options.binds = {"dns+tcp://a:1"};
  CHECK(code(options) == ExitCode::usage);
  options.binds = {"*:5016"};
  CHECK(code(options) == ExitCode::not_allowed);
  options.binds = {};
  options.connects = {"nonsense"};
  CHECK(code(options) == ExitCode::usage);
  options.connects = {"127.0.0.1:*"};
  CHECK(code(options) == ExitCode::usage);
  options.connects = {"203.0.113.1:5016"};
  CHECK(code(options) == ExitCode::not_allowed);
  options.connects = {"dns+tcp://workers:5016"};
  CHECK(code(options) == ExitCode::not_allowed);
}

TEST_CASE("dial: ipc works, and a path that is in use is not taken away") {
  TempDir dir;
  Loop loop;
  PortOptions listen = port_options("sink", {"worker"});
  listen.binds = {"ipc://" + (dir / "socket").string()};
  Node sink(loop.context, loop.reactor, listen);
  Node worker(loop.context, loop.reactor, dialling(listen.binds[0], "worker", {"sink"}));
  REQUIRE(loop.until([&] { return worker.is_up() && sink.is_up(); }));
  listen.node = Id::random();
  CHECK_THROWS_AS(Node(loop.context, loop.reactor, listen), Error);
}
