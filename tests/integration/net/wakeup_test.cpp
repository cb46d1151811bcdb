#include <atomic>
#include <future>
#include <random>
#include <thread>

#include <doctest/doctest.h>

#include "support/node.hpp"

using namespace shoal;
using namespace shoal::net;
using namespace shoal::test;
using namespace std::chrono_literals;

namespace {

// No tick of a Port comes to the help of a loop that sleeps over a message.
constexpr Duration no_heartbeat = std::chrono::hours(1);

PortOptions undisturbed(PortOptions options) {
  options.heartbeat = no_heartbeat;
  return options;
}

/// On a thread of its own: sends back what it gets, now at once, now a moment later, but for what
/// is to be kept quiet.
class Echo {
 public:
  Echo() : thread_([this] { run(); }), endpoint_(listens_.get_future().get()) {}
  ~Echo() {
    stop_ = true;
    thread_.join();
  }

  const std::string& endpoint() const { return endpoint_; }

 private:
  void run() {
    Loop loop;
    Node node(loop.context, loop.reactor, undisturbed(listening("sink", {"worker"})));
    std::mt19937 random(11);
    std::vector<runtime::Registration> timers;
    node.on_each = [&](PeerId peer, wire::Message& message) {
      if (message.head.view() == "quiet") return;
      auto send = [&node, peer, head = message.head] { node.port().send(peer, {.head = head}); };
      if (random() % 8 == 0) return timers.push_back(loop.reactor.at(loop.reactor.now(), send));
      send();
    };
    listens_.set_value(node.endpoint());
    while (!stop_) {
      loop.reactor.run_once(100ms);
      if (timers.size() > 1000) timers.erase(timers.begin(), timers.begin() + 500);
    }
  }

  std::promise<std::string> listens_;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
  std::string endpoint_;
};

}  // namespace

TEST_CASE("wakeup: a loop never sleeps over a message, whatever it sends in between") {
  constexpr int count = 40'000;
  Echo echo;
  Loop loop;
  Node node(loop.context, loop.reactor, undisturbed(dialling(echo.endpoint(), "worker", {"sink"})));
  REQUIRE(loop.until([&] { return node.is_up(); }));
  std::mt19937 random(5);
  int sent = 0;
  int received = 0;
  auto send_some = [&](int most) {
    for (; most > 0 && sent < count; --most, ++sent) node.send("", std::to_string(sent));
  };
  node.on_each = [&](PeerId, wire::Message&) {
    ++received;
    // Between one and a few are under way, so that both loops fall asleep again and again.
    if (received == sent) return send_some(1 + static_cast<int>(random() % 4));
    if (random() % 3 == 0) send_some(1);
  };
  send_some(1);
  CHECK(loop.until([&] { return received == count; }, 60s));
  CHECK(received == sent);
}

TEST_CASE("wakeup: a send may eat the sign that there is something to receive") {
  Echo echo;
  Loop loop;
  Node node(loop.context, loop.reactor, undisturbed(dialling(echo.endpoint(), "worker", {"sink"})));
  REQUIRE(loop.until([&] { return node.is_up(); }));
  for (std::size_t round = 1; round <= 100; ++round) {
    node.send("", "ping");
    // The answer comes meanwhile; and libzmq looks for what has come, on a send, only when it has
    // not for a millisecond or so.
    Time later = std::chrono::steady_clock::now() + 3ms;
    while (std::chrono::steady_clock::now() < later) continue;
    node.send("", "quiet");
    REQUIRE(loop.until([&] { return node.messages.size() == round; }));
  }
}
