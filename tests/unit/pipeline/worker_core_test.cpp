#include <deque>

#include <doctest/doctest.h>

#include <shoal/pipeline/worker_core.hpp>

using namespace shoal;
using namespace shoal::pipeline;
using namespace shoal::wire::pipeline;
using namespace std::chrono_literals;

namespace {

const Id job_id = Id::of_name("job");
const Id sink_id = Id::of_name("sink");
constexpr PeerId ventilator = 1;
constexpr PeerId sink = 2;

struct Fixture {
  explicit Fixture(WorkerCoreOptions options) : core(options) {
    core.on_ventilator_up(ventilator, now);
    core.on_ventilator_message(
        ventilator, Job{.job = job_id, .revision = 1, .lease = 10s, .sinks = {sink_id}}, now);
  }

  void hand_out(std::uint64_t number, SeqRange range, std::uint32_t attempt = 1) {
    wire::Batch batch{.range = range};
    std::string text;
    for (Seq seq = range.first; seq < range.end(); ++seq) text += std::to_string(seq) + "\n";
    batch.payload = Bytes::take(std::move(text));
    core.on_ventilator_message(
        ventilator, Tasks{.job = job_id, .number = number, .attempt = attempt, .batch = batch},
        now);
  }

  template <typename Message>
  static std::vector<Message> pick(Outbox outbox) {
    std::vector<Message> found;
    for (auto& envelope : outbox.envelopes) {
      if (auto* message = std::get_if<Message>(&envelope.message))
        found.push_back(std::move(*message));
    }
    return found;
  }
  template <typename Message>
  std::vector<Message> to_ventilator() {
    return pick<Message>(core.take_ventilator_outbox());
  }
  template <typename Message>
  std::vector<Message> to_sink() {
    return pick<Message>(core.take_sink_outbox());
  }

  /// Lets every run that was started take `each` a task, and finish.
  void run_all(Duration each) {
    for (std::vector<StartRun> starts = core.take_starts(); !starts.empty();
         starts = core.take_starts()) {
      for (StartRun& start : starts) {
        now += each * static_cast<std::int64_t>(start.tasks.range.count);
        core.on_finished(start.id, start.tasks, now);
      }
    }
  }

  WorkerCore core;
  Time now{};
};

std::uint64_t last_tasks(Fixture& f) {
  f.core.tick(f.now);
  auto credits = f.to_ventilator<Credit>();
  REQUIRE_FALSE(credits.empty());
  return credits.back().tasks;
}

}  // namespace

TEST_CASE("worker: asks for one task a slot until it knows its pace") {
  Fixture f({.kind = WorkKind::single, .slots = 3});
  CHECK(last_tasks(f) == 3);
}

TEST_CASE("worker: quick tasks are asked for by the hundred, slow ones one by one") {
  Fixture quick({.kind = WorkKind::single, .slots = 1});
  quick.hand_out(1, {0, 1});
  quick.run_all(1ms);
  CHECK(last_tasks(quick) >= 50);

  Fixture slow({.kind = WorkKind::single, .slots = 1});
  slow.hand_out(1, {0, 1});
  slow.run_all(60s);
  CHECK(last_tasks(slow) == 2);
}

TEST_CASE("worker: runs that wait for each other in a long-lived process do not grow without end") {
  Fixture f({.kind = WorkKind::batched, .slots = 1, .runs_a_slot = 2});
  Seq next = 0;
  std::uint64_t most = 0;
  Time free = f.now;  // when the process has done all it holds, 1 ms for each task
  std::deque<std::pair<Time, StartRun>> running;
  for (std::uint64_t number = 1; number <= 200; ++number) {
    f.core.tick(f.now);
    std::uint64_t batch = f.to_ventilator<Credit>().back().batch;
    most = std::max(most, batch);
    f.hand_out(number, {next, batch});
    next += batch;
    for (StartRun& start : f.core.take_starts()) {
      free = std::max(free, f.now) + 1ms * static_cast<std::int64_t>(start.tasks.range.count);
      running.emplace_back(free, std::move(start));
    }
    if (running.size() < 2) continue;
    f.now = running.front().first;
    f.core.on_finished(running.front().second.id, running.front().second.tasks, f.now);
    running.pop_front();
  }
  CHECK(most <= 200);
}

TEST_CASE("worker: PIPE-5, a hand-out that comes twice is run once") {
  Fixture f({.kind = WorkKind::single, .slots = 2});
  f.hand_out(1, {0, 1});
  f.hand_out(1, {0, 1});
  CHECK(f.core.take_starts().size() == 1);
}

TEST_CASE(
    "worker: PIPE-6, PIPE-18, renews what it holds until a sink keeps it, and passes that on") {
  Fixture f({.kind = WorkKind::instant});
  f.core.on_sink_up(sink, {.id = sink_id, .keeps = true}, f.now);
  f.hand_out(1, {0, 2});
  f.run_all(1ms);
  CHECK(f.to_sink<Results>().size() == 1);
  f.core.tick(f.now);
  auto renewals = f.to_ventilator<Renew>();
  REQUIRE(renewals.size() == 1);
  CHECK(renewals[0].numbers.contains(1));
  Kept kept{.job = job_id};
  kept.done.insert({0, 2});
  f.core.on_sink_message(sink, kept, f.now);
  CHECK(f.to_ventilator<Kept>().size() == 1);
  f.core.tick(f.now);
  renewals = f.to_ventilator<Renew>();
  REQUIRE(renewals.size() == 1);
  CHECK(renewals[0].numbers.empty());
}

TEST_CASE("worker: PIPE-25, says at once that it has run what is suspected") {
  Fixture f({.kind = WorkKind::batched});
  f.hand_out(1, {0, 2});
  f.run_all(1ms);
  CHECK(f.to_ventilator<Ran>().empty());
  f.hand_out(2, {2, 3}, 2);
  f.run_all(1ms);
  auto ran = f.to_ventilator<Ran>();
  REQUIRE(ran.size() == 1);
  CHECK(ran[0].number == 2);
  CHECK(ran[0].tasks.ranges() == std::vector<SeqRange>{{2, 3}});
}

TEST_CASE("worker: a ventilator that hands out without end is blamed, and renew stays small") {
  Fixture f({.kind = WorkKind::single});
  for (std::uint64_t number = 1; number <= 40'000; ++number) {
    f.hand_out(number << 40, {number, 1});
  }
  f.core.tick(f.now);
  Outbox outbox = f.core.take_ventilator_outbox();
  REQUIRE_FALSE(outbox.faults.empty());
  CHECK(outbox.faults[0].peer == ventilator);
  for (auto& envelope : outbox.envelopes) {
    CHECK(wire::pipeline::encode(envelope.message).head.size() < net::PortLimits().head_bytes);
  }
}

TEST_CASE("worker: PIPE-26, a result that is larger than its sink takes is a failed attempt") {
  Fixture f({.kind = WorkKind::single});
  f.core.on_sink_up(sink, {.id = sink_id, .keeps = true, .takes = 2UL << 20}, f.now);
  f.hand_out(1, {0, 1});
  auto starts = f.core.take_starts();
  REQUIRE(starts.size() == 1);
  f.core.on_finished(starts[0].id, wire::sized_record(0, Bytes::take(std::string(3UL << 20, 'x'))),
                     f.now);
  f.core.flush(f.now);
  CHECK(f.to_sink<Results>().empty());
  auto failed = f.to_ventilator<Failed>();
  REQUIRE(failed.size() == 1);
  CHECK(failed[0].sure);
  CHECK(failed[0].range == SeqRange{0, 1});
  CHECK(failed[0].status.find("raise the sink's --max-size") != std::string::npos);
  f.core.tick(f.now);
  CHECK(f.to_ventilator<Renew>().back().numbers.empty());
}

TEST_CASE(
    "worker: PIPE-26, a dead letter whose task is larger than its sink takes goes without it") {
  Fixture f({.kind = WorkKind::single});
  f.core.on_sink_up(sink, {.id = sink_id, .keeps = true, .takes = 2UL << 20}, f.now);
  f.core.on_ventilator_message(ventilator,
                               Letter{.job = job_id,
                                      .number = 1,
                                      .attempts = 3,
                                      .payload = Bytes::take(std::string(3UL << 20, 'x'))},
                               f.now);
  auto letters = f.to_sink<Letter>();
  REQUIRE(letters.size() == 1);
  CHECK(letters[0].payload.size() == 0);
  CHECK(letters[0].error.find("3145728 bytes") != std::string::npos);
}

TEST_CASE("worker: PIPE-9, recalled, it gives back what it has not begun") {
  Fixture f({.kind = WorkKind::single, .slots = 1});
  f.hand_out(1, {0, 5});
  CHECK(f.core.take_starts().size() == 1);
  f.to_ventilator<Credit>();
  f.core.on_ventilator_message(ventilator, Recall{}, f.now);
  auto returned = f.to_ventilator<Return>();
  REQUIRE(returned.size() == 1);
  CHECK(returned[0].tasks.ranges() == std::vector<SeqRange>{{1, 4}});
}

TEST_CASE("worker: PIPE-15, results go to the sink's next session, and wait for their ventilator") {
  Fixture f({.kind = WorkKind::instant});
  f.core.on_sink_up(sink, {.id = sink_id, .keeps = true}, f.now);
  f.hand_out(1, {0, 2});
  f.run_all(1ms);
  CHECK(f.to_sink<Results>().size() == 1);
  f.core.on_sink_down(sink, f.now);
  f.core.on_sink_up(7, {.id = sink_id, .keeps = true}, f.now);
  CHECK(f.to_sink<Results>().size() == 1);

  f.core.on_ventilator_down(ventilator, false, f.now);
  f.core.on_sink_down(7, f.now);
  f.core.on_sink_up(8, {.id = sink_id, .keeps = true}, f.now);
  CHECK(f.to_sink<Results>().empty());
  f.core.on_ventilator_up(9, f.now);
  f.core.on_ventilator_message(
      9, Job{.job = job_id, .revision = 1, .lease = 10s, .sinks = {sink_id}}, f.now);
  CHECK(f.to_sink<Results>().size() == 1);
}

TEST_CASE("worker: PIPE-15, results whose ventilator has been gone for a lease are dropped") {
  Fixture f({.kind = WorkKind::instant});
  f.hand_out(1, {0, 2});
  f.run_all(1ms);
  f.core.on_ventilator_down(ventilator, false, f.now);
  f.now += 11s;
  f.core.tick(f.now);
  f.core.on_ventilator_up(9, f.now);
  f.core.on_ventilator_message(
      9, Job{.job = job_id, .revision = 1, .lease = 10s, .sinks = {sink_id}}, f.now);
  f.core.on_sink_up(sink, {.id = sink_id, .keeps = true}, f.now);
  CHECK(f.to_sink<Results>().empty());
}

TEST_CASE("worker: draining, it asks for nothing, gives back, and is finished when all is kept") {
  Fixture f({.kind = WorkKind::single, .slots = 1});
  f.core.on_sink_up(sink, {.id = sink_id, .keeps = true}, f.now);
  f.hand_out(1, {0, 3});
  std::vector<StartRun> starts = f.core.take_starts();
  REQUIRE(starts.size() == 1);
  f.core.drain(f.now);
  Outbox outbox = f.core.take_ventilator_outbox();
  CHECK(Fixture::pick<Credit>(outbox).back().leaving);
  CHECK(Fixture::pick<Return>(outbox).size() == 1);
  CHECK_FALSE(f.core.finished());
  f.core.on_finished(starts[0].id, starts[0].tasks, f.now);
  CHECK_FALSE(f.core.finished());
  Kept kept{.job = job_id};
  kept.done.insert({0, 1});
  f.core.on_sink_message(sink, kept, f.now);
  CHECK(f.core.finished());
}

TEST_CASE("worker: tells which sink a job waits for") {
  Fixture f({.kind = WorkKind::instant});
  CHECK_FALSE(f.core.missing_sink());
  f.core.on_sink_up(sink, {.id = Id::of_name("another"), .keeps = true}, f.now);
  CHECK(f.core.missing_sink() == sink_id);
  f.core.on_sink_up(3, {.id = sink_id, .keeps = true}, f.now);
  CHECK_FALSE(f.core.missing_sink());
}

TEST_CASE("worker: PIPE-21, --once leaves when the goodbye is lost but every sink has confirmed") {
  for (bool confirmed : {false, true}) {
    Fixture f({.once = true});
    Job over{.job = job_id, .revision = 2, .lease = 10s, .sinks = {sink_id}, .over = true};
    over.confirmed = confirmed;
    f.core.on_ventilator_message(ventilator, over, f.now);
    f.core.on_ventilator_down(ventilator, false, f.now);
    CHECK(f.core.finished() == confirmed);
  }
}

TEST_CASE("worker: --once stays for a ventilator that died before the sinks knew of the end") {
  for (bool left : {false, true}) {
    for (bool sink_knows : {false, true}) {
      Fixture f({.once = true});
      f.core.on_sink_up(sink, {.id = sink_id, .keeps = true}, f.now);
      Job over{.job = job_id, .revision = 2, .lease = 10s, .sinks = {sink_id}, .over = true};
      f.core.on_ventilator_message(ventilator, over, f.now);
      if (sink_knows) f.core.on_sink_message(sink, Closed{job_id, sink_id}, f.now);
      f.core.on_ventilator_down(ventilator, left, f.now);
      CHECK(f.core.finished() == (left || sink_knows));
    }
  }
}

TEST_CASE("worker: quick results of single tasks travel together, the first of them at once") {
  Fixture f({.kind = WorkKind::single, .slots = 1, .gather = 5ms});
  f.core.on_sink_up(sink, {.id = sink_id, .keeps = true}, f.now);
  f.now += 1s;
  f.hand_out(1, {0, 8});
  std::vector<SeqRange> sent;
  for (int i = 0; i < 6; ++i) {
    StartRun start = f.core.take_starts().at(0);
    f.core.on_finished(start.id, wire::sized_record(start.tasks.range.first, Bytes::copy("x")),
                       f.now);
    for (const Results& message : f.to_sink<Results>()) {
      CHECK(message.batch.well_formed());
      sent.push_back(message.batch.range);
    }
    f.now += 1ms;
  }
  CHECK(sent == std::vector<SeqRange>{{0, 1}, {1, 5}});
}

TEST_CASE("worker: gathered results leave in time, and at once when nothing else runs") {
  Fixture f({.kind = WorkKind::single, .slots = 1, .gather = 5ms});
  f.core.on_sink_up(sink, {.id = sink_id, .keeps = true}, f.now);
  f.hand_out(1, {0, 3});
  auto finish = [&] {
    StartRun start = f.core.take_starts().at(0);
    Bytes output = Bytes::copy("x");
    f.core.on_finished(start.id, wire::sized_record(start.tasks.range.first, output), f.now);
    return f.to_sink<Results>().size();
  };
  CHECK(finish() == 0);
  CHECK(f.core.next_flush() == f.now + 5ms);
  f.now = f.core.next_flush();
  f.core.flush(f.now);
  CHECK(f.to_sink<Results>().size() == 1);
  CHECK(f.core.next_flush() == never);
  CHECK(finish() == 0);
  CHECK(finish() == 1);
}

TEST_CASE("worker: what is gathered when its ventilator goes waits for its return") {
  Fixture f({.kind = WorkKind::single, .slots = 1, .gather = 5ms});
  f.core.on_sink_up(sink, {.id = sink_id, .keeps = true}, f.now);
  f.hand_out(1, {0, 2});
  StartRun start = f.core.take_starts().at(0);
  f.core.on_finished(start.id, wire::sized_record(0, Bytes::copy("x")), f.now);
  f.core.on_ventilator_down(ventilator, false, f.now);
  f.core.tick(f.now + 1s);
  CHECK(f.to_sink<Results>().empty());
  f.core.on_ventilator_up(9, f.now);
  f.core.on_ventilator_message(
      9, Job{.job = job_id, .revision = 1, .lease = 10s, .sinks = {sink_id}}, f.now);
  CHECK(f.to_sink<Results>().size() == 1);
}

TEST_CASE("worker: asks for tasks by the handful when they are quick, at once for an idle slot") {
  auto credits_for = [](Duration each, std::uint32_t slots) {
    Fixture f({.kind = WorkKind::single, .slots = slots});
    f.core.on_sink_up(sink, {.id = sink_id, .keeps = true}, f.now);
    for (std::uint64_t i = 0; i < slots; ++i) f.hand_out(i + 1, {i, 1});
    std::vector<StartRun> starts = f.core.take_starts();
    f.now += each;
    for (StartRun& start : starts) f.core.on_finished(start.id, start.tasks, f.now);
    Seq next = last_tasks(f);
    f.hand_out(100, {slots, next - slots});
    std::uint64_t credits = 0;
    std::deque<StartRun> running;
    for (std::uint64_t i = 0; i < 8; ++i) {
      for (StartRun& start : f.core.take_starts()) running.push_back(std::move(start));
      f.now += each;
      f.core.on_finished(running.front().id, running.front().tasks, f.now);
      running.pop_front();
      if (f.to_ventilator<Credit>().empty()) continue;
      ++credits;
      f.hand_out(101 + i, {next++, 1});
    }
    return credits;
  };
  CHECK(credits_for(1ms, 1) == 0);
  CHECK(credits_for(1s, 8) == 8);
}
