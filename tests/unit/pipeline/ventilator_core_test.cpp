#include <doctest/doctest.h>

#include <shoal/pipeline/ventilator_core.hpp>

using namespace shoal;
using namespace shoal::pipeline;
using namespace shoal::wire::pipeline;
using namespace std::chrono_literals;

namespace {

const Id sink_id = Id::of_name("sink");
constexpr Time start{};

struct Fixture {
  explicit Fixture(std::uint32_t attempts = 3)
      : core({.job = Id::of_name("job"), .attempts = attempts, .lease = 10s}) {}

  void offer(std::uint64_t count) {
    wire::Batch batch{.range = {core.offered(), count}};
    std::string text;
    for (Seq seq = core.offered(); seq < core.offered() + count; ++seq) {
      text += std::to_string(seq) + "\n";
    }
    batch.payload = Bytes::take(std::move(text));
    core.offer(std::move(batch), now);
  }

  /// A new worker that has reached the sink and may be handed `tasks`, `batch` at a time.
  void worker(PeerId peer, std::uint64_t tasks, std::uint64_t batch, std::uint32_t slots = 1) {
    core.on_up(peer, slots);
    core.on_message(peer,
                    Credit{.revision = 1,
                           .tasks = tasks,
                           .bytes = 1 << 20,
                           .batch = batch,
                           .sinks = {sink_id},
                           .all_sinks = true},
                    now);
  }

  /// The messages of one type that wait in the outbox, with their receivers; the rest is dropped.
  template <typename Message>
  std::vector<std::pair<PeerId, Message>> take() {
    std::vector<std::pair<PeerId, Message>> found;
    for (auto& envelope : core.take_outbox().envelopes) {
      if (auto* message = std::get_if<Message>(&envelope.message)) {
        found.emplace_back(envelope.to, std::move(*message));
      }
    }
    return found;
  }

  void keep(PeerId peer, SeqRange range) {
    Kept kept{.job = Id::of_name("job")};
    kept.done.insert(range);
    core.on_message(peer, std::move(kept), now);
  }

  VentilatorCore core;
  Time now = start;
};

}  // namespace

TEST_CASE("ventilator: PIPE-4, hands out by credit and no more than a batch at a time") {
  Fixture f;
  f.offer(100);
  f.worker(1, 10, 4);
  auto tasks = f.take<Tasks>();
  REQUIRE(tasks.size() == 3);
  CHECK(tasks[0].second.batch.range == SeqRange{0, 4});
  CHECK(tasks[1].second.batch.range == SeqRange{4, 4});
  CHECK(tasks[2].second.batch.range == SeqRange{8, 2});
  CHECK(tasks[2].second.batch.payload.view() == "8\n9\n");
  CHECK(f.core.in_flight() == 10);
}

TEST_CASE("ventilator: PIPE-10, nothing is handed out before the sinks are known") {
  Fixture f;
  f.offer(5);
  f.core.on_up(1, 1);
  f.core.on_message(1, Credit{.revision = 1, .tasks = 5, .bytes = 100, .batch = 5}, f.now);
  CHECK(f.take<Tasks>().empty());
  f.core.on_message(
      1, Credit{.revision = 2, .tasks = 5, .bytes = 100, .batch = 5, .sinks = {sink_id}}, f.now);
  CHECK(f.take<Tasks>().empty());
  f.core.on_message(1,
                    Credit{.revision = 3,
                           .tasks = 5,
                           .bytes = 100,
                           .batch = 5,
                           .sinks = {sink_id},
                           .all_sinks = true},
                    f.now);
  CHECK(f.take<Tasks>().size() == 1);
}

TEST_CASE("ventilator: PIPE-7, a lease that is renewed holds, one that is not ends") {
  Fixture f;
  f.offer(2);
  f.worker(1, 1, 1);
  f.worker(2, 1, 1);
  REQUIRE(f.take<Tasks>().size() == 2);
  f.now += 9s;
  Renew renew;
  renew.numbers.insert({1, 1});
  f.core.on_message(1, renew, f.now);
  f.now += 9s;
  f.core.tick(f.now);
  auto again = f.take<Tasks>();
  // Worker 2 lost its lease and got its credit back with it; worker 1 kept its own.
  REQUIRE(again.size() == 1);
  CHECK(again[0].first == 2);
  CHECK(again[0].second.attempt == 1);
}

TEST_CASE("ventilator: PIPE-8, what a dead worker held goes to others as another attempt") {
  Fixture f;
  f.offer(6);
  f.worker(1, 6, 6);
  REQUIRE(f.take<Tasks>().size() == 1);
  f.core.on_down(1, false, f.now);
  f.worker(2, 100, 100);
  std::uint64_t tasks = 0;
  for (auto& [peer, hand_out] : f.take<Tasks>()) {
    CHECK(hand_out.attempt == 2);
    tasks += hand_out.batch.range.count;
  }
  CHECK(tasks == 6);
  CHECK(f.core.redelivered() == 6);
}

TEST_CASE("ventilator: PIPE-8, after a goodbye it is no attempt") {
  Fixture f;
  f.offer(1);
  f.worker(1, 1, 1);
  f.take<Tasks>();
  f.core.on_down(1, true, f.now);
  f.worker(2, 1, 1);
  auto again = f.take<Tasks>();
  REQUIRE(again.size() == 1);
  CHECK(again[0].second.attempt == 1);
}

TEST_CASE(
    "ventilator: PIPE-11, PIPE-12, the task that takes workers down is found and buried alone") {
  Fixture f;
  f.offer(10);
  const Seq poison = 7;
  int deaths = 0;
  for (PeerId peer = 1; deaths < 3; ++peer) {
    REQUIRE(peer < 10);
    f.worker(peer, 1000, 1000);
    // One worker at a time: it does what it is handed until the poison comes, and dies of it.
    for (auto tasks = f.take<Tasks>(); !tasks.empty(); tasks = f.take<Tasks>()) {
      bool dies = false;
      for (auto& [to, hand_out] : tasks) dies = dies || hand_out.batch.range.contains(poison);
      if (dies) {
        ++deaths;
        CHECK(tasks[0].second.attempt == static_cast<std::uint32_t>(deaths));
        if (deaths == 3) CHECK(tasks.size() == 1);
        f.core.on_down(peer, false, f.now);
        break;
      }
      for (auto& [to, hand_out] : tasks) f.keep(to, hand_out.batch.range);
    }
    f.core.take_outbox();
  }
  CHECK(deaths == 3);
  f.worker(99, 1000, 1000);
  auto outbox = f.core.take_outbox();
  int letters = 0;
  for (auto& envelope : outbox.envelopes) {
    if (auto* tasks = std::get_if<Tasks>(&envelope.message)) {
      CHECK_FALSE(tasks->batch.range.contains(poison));
    }
    if (auto* letter = std::get_if<Letter>(&envelope.message)) {
      ++letters;
      CHECK(letter->seq == poison);
      CHECK(letter->attempts == 3);
      CHECK(letter->payload.view() == "7");
    }
  }
  CHECK(letters == 1);
}

TEST_CASE("ventilator: PIPE-25, a death blames none of the tasks that had been run") {
  Fixture f;
  f.offer(2);
  f.worker(1, 10, 10);
  f.take<Tasks>();
  f.core.on_down(1, false, f.now);
  // Both are suspected now. Again and again a worker runs them and dies before a result is kept.
  for (PeerId peer = 2; peer < 12; ++peer) {
    f.worker(peer, 10, 1);
    std::uint64_t ran_here = 0;
    for (auto tasks = f.take<Tasks>(); !tasks.empty(); tasks = f.take<Tasks>()) {
      for (auto& [to, hand_out] : tasks) {
        CHECK(hand_out.attempt == 2);
        Ran ran{.number = hand_out.number};
        ran.tasks.insert(hand_out.batch.range);
        ran_here += hand_out.batch.range.count;
        f.core.on_message(to, ran, f.now);
      }
    }
    CHECK(ran_here == 2);
    f.core.on_down(peer, false, f.now);
  }
  f.worker(99, 10, 10);
  CHECK(f.take<Letter>().empty());
}

TEST_CASE("ventilator: PIPE-25, what must run alone is followed by the next once it has been run") {
  Fixture f(2);
  f.offer(3);
  f.worker(1, 10, 10);
  f.take<Tasks>();
  f.core.on_down(1, false, f.now);
  f.worker(2, 10, 10);
  for (int task = 0; task < 3; ++task) {
    auto tasks = f.take<Tasks>();
    REQUIRE(tasks.size() == 1);
    CHECK(tasks[0].second.batch.range.count == 1);
    Ran ran{.number = tasks[0].second.number};
    ran.tasks.insert(tasks[0].second.batch.range);
    f.core.on_message(2, ran, f.now);
  }
}

TEST_CASE("ventilator: a task that failed on its own is not buried for another's deed") {
  Fixture f;
  f.offer(2);
  for (int attempt = 1; attempt <= 2; ++attempt) {
    f.worker(1, 100, 1);
    for (auto& [peer, tasks] : f.take<Tasks>()) {
      if (tasks.batch.range.first != 0) continue;
      f.core.on_message(
          1, Failed{.number = tasks.number, .range = {0, 1}, .status = "exit code 1", .sure = true},
          f.now);
    }
    f.core.take_outbox();
    f.core.on_down(1, true, f.now);
  }
  // Its third attempt, beside task 1, ends with the death of their worker.
  f.worker(2, 100, 1);
  CHECK(f.take<Tasks>().size() == 2);
  f.core.on_down(2, false, f.now);
  f.worker(3, 100, 1);
  CHECK(f.take<Letter>().empty());
}

TEST_CASE("ventilator: the end of the input is shared out evenly, and hoards are recalled") {
  Fixture f;
  f.worker(1, 1000, 1000);
  f.offer(8);
  f.core.end_of_input(f.now);
  auto tasks = f.take<Tasks>();
  REQUIRE(tasks.size() == 1);
  CHECK(tasks[0].second.batch.range.count == 8);
  f.now += 1s;
  f.worker(2, 1000, 1000);
  auto recalls = f.take<Recall>();
  REQUIRE(recalls.size() == 1);
  CHECK(recalls[0].first == 1);
  Return returned{.number = 1};
  returned.tasks.insert({1, 7});
  f.core.on_message(1, returned, f.now);
  auto shared = f.take<Tasks>();
  std::map<PeerId, std::uint64_t> counts;
  for (auto& [peer, hand_out] : shared) counts[peer] += hand_out.batch.range.count;
  CHECK(counts[1] + counts[2] == 7);
  CHECK(counts[2] >= 3);
}

TEST_CASE("ventilator: PIPE-20, it is over when all is settled, and done when every sink knows") {
  Fixture f;
  f.offer(2);
  f.worker(1, 10, 10);
  f.core.end_of_input(f.now);
  f.keep(1, {0, 2});
  CHECK(f.core.over());
  CHECK_FALSE(f.core.finished());
  auto jobs = f.take<Job>();
  REQUIRE_FALSE(jobs.empty());
  CHECK(jobs.back().second.over);
  CHECK(jobs.back().second.done == 2);
  CHECK_FALSE(jobs.back().second.confirmed);
  f.core.on_message(1, Closed{Id::of_name("job"), sink_id}, f.now);
  CHECK(f.core.finished());
  CHECK(f.core.confirmed());
  jobs = f.take<Job>();
  REQUIRE(jobs.size() == 1);
  CHECK(jobs.back().second.confirmed);
}

TEST_CASE(
    "ventilator: PIPE-13, the sinks are chosen once, and again when one that forgets is gone") {
  Fixture f;
  const Id other = Id::of_name("other sink");
  f.offer(2);
  f.worker(1, 1, 1);
  auto jobs = f.take<Job>();
  REQUIRE_FALSE(jobs.empty());
  CHECK(jobs.back().second.sinks == std::vector<Id>{sink_id});
  Credit credit{.revision = 1, .sinks = {other}, .volatiles = {other}, .all_sinks = true};
  f.core.on_up(2, 1);
  f.core.on_message(2, credit, f.now);
  // One that keeps comes back: it is waited for.
  f.core.on_down(1, false, f.now);
  CHECK(f.take<Job>().back().second.sinks == std::vector<Id>{sink_id});

  Fixture forgets;
  forgets.offer(1);
  forgets.core.on_up(2, 1);
  forgets.core.on_message(2, credit, forgets.now);
  CHECK(forgets.take<Job>().back().second.sinks == std::vector<Id>{other});
  forgets.worker(1, 1, 1);
  CHECK(forgets.take<Job>().back().second.sinks == std::vector<Id>{other});
  forgets.core.on_down(2, false, forgets.now);
  CHECK(forgets.take<Job>().back().second.sinks == std::vector<Id>{sink_id});
}

TEST_CASE(
    "ventilator: PIPE-19, what was run, or failed for good, is not settled until it is kept") {
  Fixture f(1);
  f.offer(2);
  f.worker(1, 2, 1);
  f.core.end_of_input(f.now);
  auto tasks = f.take<Tasks>();
  REQUIRE(tasks.size() == 2);
  Ran ran{.number = tasks[0].second.number};
  ran.tasks.insert(tasks[0].second.batch.range);
  f.core.on_message(1, ran, f.now);
  f.core.on_message(
      1, Failed{.number = tasks[1].second.number, .range = {1, 1}, .status = "exit code 1"}, f.now);
  CHECK(f.take<Letter>().size() == 1);
  CHECK_FALSE(f.core.over());
  Kept kept{.job = Id::of_name("job")};
  kept.done.insert({0, 1});
  kept.failed.insert({1, 1});
  f.core.on_message(1, kept, f.now);
  CHECK(f.core.over());
}

TEST_CASE("ventilator: PIPE-24, it leaves when a sink that could be told does not answer") {
  Fixture f;
  f.offer(1);
  f.worker(1, 1, 1);
  f.core.end_of_input(f.now);
  f.keep(1, {0, 1});
  f.core.on_message(1, Closed{Id::of_name("job"), Id::of_name("a stranger")}, f.now);
  f.core.tick(f.now += 29s);
  CHECK_FALSE(f.core.finished());
  f.core.tick(f.now += 1s);
  CHECK(f.core.finished());
  CHECK_FALSE(f.core.confirmed());
}

TEST_CASE(
    "ventilator: PIPE-3, an older credit, a repeated ack and a repeated failure change nothing") {
  Fixture f;
  f.offer(2);
  f.worker(1, 2, 1);
  auto tasks = f.take<Tasks>();
  REQUIRE(tasks.size() == 2);
  Failed failed{.number = tasks[0].second.number,
                .range = {0, 1},
                .status = "exit code 1",
                .error = "",
                .sure = true};
  f.core.on_message(1, failed, f.now);
  f.core.on_message(1, failed, f.now);
  CHECK(f.core.redelivered() == 1);
  f.keep(1, {1, 1});
  f.keep(1, {1, 1});
  f.core.on_message(1, Credit{.revision = 3, .tasks = 2, .bytes = 1 << 20, .batch = 1}, f.now);
  f.core.on_message(1, Credit{.revision = 2, .tasks = 100, .bytes = 1 << 20, .batch = 1}, f.now);
  CHECK(f.take<Tasks>().empty());
  f.core.on_message(1, Credit{.revision = 4, .tasks = 3, .bytes = 1 << 20, .batch = 1}, f.now);
  auto again = f.take<Tasks>();
  REQUIRE(again.size() == 1);
  CHECK(again[0].second.attempt == 2);
}

TEST_CASE(
    "ventilator: PIPE-26, a task that no worker here takes waits for one that does, and is told") {
  Fixture f;
  constexpr std::uint64_t size = 3UL << 20;
  wire::Batch batch = wire::sized_record(0, Bytes::take(std::string(size, 'x')));
  f.core.offer(std::move(batch), f.now);
  f.core.on_up(1, 1, 2UL << 20);
  Credit credit{.revision = 1,
                .tasks = 1,
                .bytes = 1 << 20,
                .batch = 1,
                .sinks = {sink_id},
                .all_sinks = true};
  f.core.on_message(1, credit, f.now);
  CHECK(f.take<Tasks>().empty());
  REQUIRE(f.core.too_large());
  CHECK(f.core.too_large()->seq == 0);
  CHECK(f.core.too_large()->bytes == size);
  f.core.on_up(2, 1, 8UL << 20);
  CHECK_FALSE(f.core.too_large());
  f.core.on_message(2, credit, f.now);
  CHECK(f.take<Tasks>().size() == 1);
}

TEST_CASE("ventilator: stopped for good, the sinks hear that it is over as it is") {
  Fixture f;
  f.offer(5);
  f.worker(1, 2, 2);
  CHECK(f.take<Tasks>().size() == 1);
  f.core.drain(true, f.now);
  CHECK_FALSE(f.core.over());
  f.keep(1, {0, 2});
  CHECK(f.core.over());
  CHECK_FALSE(f.core.complete());
  auto jobs = f.take<Job>();
  REQUIRE_FALSE(jobs.empty());
  CHECK(jobs.back().second.stopped);
}

TEST_CASE("ventilator: PIPE-1, who settles what the job does not have is blamed") {
  Fixture f;
  f.offer(2);
  f.worker(1, 10, 10);
  f.core.end_of_input(f.now);
  f.core.take_outbox();
  f.keep(1, {1, 5});
  CHECK(f.core.take_outbox().faults.size() == 1);
  CHECK_FALSE(f.core.over());
}

TEST_CASE("ventilator: reads no further ahead than it soon hands out, however large the window") {
  VentilatorCore core({.job = Id::of_name("job"), .ahead_bytes = 10});
  auto offer = [&] {
    wire::Batch batch{.range = {core.offered(), 3}, .payload = Bytes::copy("1\n2\n3\n")};
    core.offer(std::move(batch), start);
  };
  offer();
  CHECK(core.wants_input());
  offer();
  CHECK_FALSE(core.wants_input());
  core.on_up(1, 1);
  Credit credit{.revision = 1, .tasks = 2, .bytes = 1 << 20, .batch = 1, .sinks = {sink_id}};
  credit.all_sinks = true;
  core.on_message(1, credit, start);
  CHECK(core.in_flight() == 2);
  CHECK(core.wants_input());
  offer();
  CHECK_FALSE(core.wants_input());
}
