#include <algorithm>
#include <deque>
#include <utility>

#include <doctest/doctest.h>

#include <shoal/net/link_pace.hpp>

using namespace shoal;
using namespace shoal::net;
using namespace std::chrono_literals;

namespace {

/// A sender with more than enough to send, over a link of a fixed rate and delay.
struct Simulated {
  explicit Simulated(double bytes_per_second, Duration delay_ = 100us)
      : rate(bytes_per_second), delay(delay_) {}

  void run(int frames) {
    for (int i = 0; i < frames; ++i) {
      ask();
      while (!pace.open()) {
        take_answer();
        ask();
      }
      std::uint64_t weight = pace.chunk() + 65;
      pace.sent(weight);
      link_free = std::max(link_free, now) +
                  std::chrono::duration_cast<Duration>(
                      std::chrono::duration<double>(static_cast<double>(weight) / rate));
      longest_frame = std::max(longest_frame, static_cast<double>(weight) / rate);
    }
  }

  void ask() {
    if (!pace.wants_ping()) return;
    pace.pinged(now);
    answers.push_back({pace.sent_total(), std::max(link_free, now) + delay});
  }

  void take_answer() {
    REQUIRE_FALSE(answers.empty());
    now = std::max(now, answers.front().second);
    REQUIRE(pace.acked(answers.front().first, now));
    answers.pop_front();
  }

  double rate;
  Duration delay;
  LinkPace pace{256UL << 10};
  Time now{};
  Time link_free{};
  double longest_frame = 0;
  std::deque<std::pair<std::uint64_t, Time>> answers;
};

}  // namespace

TEST_CASE("link pace: a fast link soon carries the largest frames and a wide window") {
  Simulated link(2e9);
  link.run(60);
  CHECK(link.pace.chunk() == 256UL << 10);
  link.run(200);
  CHECK(link.pace.window() >= 8UL << 20);
}

TEST_CASE(
    "link pace: PORT-21, PORT-26 frames take a slow link at most 50 ms, the window half a second") {
  for (double rate : {0.4e6, 2e6, 4e6}) {
    Simulated link(rate);
    link.run(2000);
    CAPTURE(rate);
    CHECK(link.longest_frame <= 0.055);
    CHECK(static_cast<double>(link.pace.window()) <= std::max(rate / 2 * 1.1, 70'000.0));
  }
}

TEST_CASE("link pace: a link that became slow is noticed") {
  Simulated link(2e9);
  link.run(300);
  link.rate = 1e6;
  link.run(2000);
  CHECK(link.pace.chunk() <= 64UL << 10);
  CHECK(link.pace.window() <= 600'000);
}

TEST_CASE("link pace: a pattern that sends little says nothing against the link") {
  Simulated link(2e9);
  link.run(300);
  std::uint64_t window = link.pace.window();
  while (!link.answers.empty()) link.take_answer();
  for (int i = 0; i < 20; ++i) {
    link.pace.sent(100);
    link.pace.pinged(link.now);
    link.now += 1ms;
    REQUIRE(link.pace.acked(link.pace.sent_total(), link.now));
  }
  CHECK(link.pace.chunk() == 256UL << 10);
  CHECK(link.pace.window() >= window / 2);
}

TEST_CASE("link pace: PORT-24 counts that cannot be are refused") {
  LinkPace pace(256UL << 10);
  pace.sent(1000);
  CHECK_FALSE(pace.acked(1001, Time{}));
  CHECK(pace.acked(500, Time{}));
  CHECK_FALSE(pace.acked(499, Time{}));
  CHECK(pace.acked(500, Time{}));
  CHECK(pace.acked(1000, Time{}));
}
