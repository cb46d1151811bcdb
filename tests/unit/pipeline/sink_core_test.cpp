#include <doctest/doctest.h>

#include <shoal/pipeline/sink_core.hpp>

using namespace shoal;
using namespace shoal::pipeline;
using namespace shoal::wire::pipeline;
using namespace std::chrono_literals;

namespace {

const Id job_a = Id::of_name("a");
const Id job_b = Id::of_name("b");

wire::Batch lines(SeqRange range) {
  wire::Batch batch{.range = range};
  std::string text;
  for (Seq seq = range.first; seq < range.end(); ++seq) text += std::to_string(seq) + "\n";
  batch.payload = Bytes::take(std::move(text));
  return batch;
}

Results results(SeqRange range, Id job = job_a) {
  return {.job = job, .batch = lines(range)};
}

struct Fixture {
  explicit Fixture(SinkCoreOptions options = {}, std::vector<SinkJob> restored = {})
      : core(with_id(options), std::move(restored)) {
    core.on_up(1);
  }
  static SinkCoreOptions with_id(SinkCoreOptions options) {
    options.id = Id::of_name("sink");
    return options;
  }

  /// Carries out what is wanted; returns what was written.
  std::string written() {
    std::string text;
    for (SinkAction& action : core.take_actions()) {
      if (auto* write = std::get_if<sink_action::Write>(&action))
        text += write->batch.payload.view();
      if (auto* begin = std::get_if<sink_action::Begin>(&action)) afresh = begin->afresh;
      if (auto* put = std::get_if<sink_action::SetAside>(&action))
        aside[put->batch.range.first] = put->batch;
      if (auto* take = std::get_if<sink_action::WriteAside>(&action)) {
        text += aside.at(take->range.first).payload.view();
        aside.erase(take->range.first);
      }
    }
    return text;
  }

  std::string commit() {
    std::string text = written();
    core.begin_commit();
    core.on_committed(now);
    return text;
  }

  /// All that has been acked since the last call.
  Kept acked() {
    Kept all;
    for (auto& envelope : core.take_outbox().envelopes) {
      auto* kept = std::get_if<Kept>(&envelope.message);
      if (kept == nullptr) continue;
      for (SeqRange range : kept->done.ranges()) all.done.insert(range);
      for (SeqRange range : kept->failed.ranges()) all.failed.insert(range);
      for (SeqRange range : kept->refused.ranges()) all.refused.insert(range);
    }
    return all;
  }

  SinkCore core;
  Time now{};
  bool afresh = false;
  std::map<Seq, wire::Batch> aside;
};

}  // namespace

TEST_CASE("sink: PIPE-17, nothing is acked before it is committed") {
  Fixture f({.keeps = true});
  f.core.on_message(1, results({0, 3}), f.now);
  CHECK(f.acked().done.empty());
  CHECK(f.commit() == "0\n1\n2\n");
  CHECK(f.acked().done.contains(SeqRange{0, 3}));
}

TEST_CASE("sink: PIPE-17, what comes while a commit is under way waits for the next") {
  Fixture f;
  f.core.on_message(1, results({0, 1}), f.now);
  f.written();
  f.core.begin_commit();
  f.core.on_message(1, results({1, 1}), f.now);
  f.core.on_committed(f.now);
  CHECK(f.acked().done.ranges() == std::vector<SeqRange>{{0, 1}});
  CHECK(f.commit() == "1\n");
  CHECK(f.acked().done.ranges() == std::vector<SeqRange>{{1, 1}});
}

TEST_CASE("sink: PIPE-16, of a batch that it has in part it keeps the rest; duplicates are acked") {
  Fixture f;
  f.core.on_message(1, results({2, 2}), f.now);
  f.core.on_message(1, results({0, 6}), f.now);
  CHECK(f.commit() == "2\n3\n0\n1\n4\n5\n");
  CHECK(f.core.duplicates() == 2);
  f.acked();
  f.core.on_message(1, results({1, 2}), f.now);
  CHECK(f.commit().empty());
  CHECK(f.acked().done.contains(SeqRange{1, 2}));
}

TEST_CASE("sink: PIPE-16, an opaque batch that it has in part is refused") {
  Fixture f;
  f.core.on_message(1, results({0, 2}), f.now);
  Results opaque = results({0, 4});
  opaque.batch.framing = wire::Framing::opaque;
  f.core.on_message(1, opaque, f.now);
  CHECK(f.commit() == "0\n1\n");
  Kept acked = f.acked();
  CHECK(acked.refused.ranges() == std::vector<SeqRange>{{2, 2}});
  CHECK(acked.done.ranges() == std::vector<SeqRange>{{0, 2}});
}

TEST_CASE("sink: a result after the dead letter of its task changes nothing, and the ack says so") {
  Fixture f;
  f.core.on_message(1, Letter{.job = job_a, .seq = 0, .attempts = 3}, f.now);
  f.core.on_message(1, results({0, 1}), f.now);
  CHECK(f.commit().empty());
  Kept acked = f.acked();
  CHECK(acked.failed.contains(0));
  CHECK(acked.done.empty());
}

TEST_CASE("sink: in order, results wait for their turn, and dead letters take theirs") {
  Fixture f({.keep_order = true});
  f.core.on_message(1, results({4, 1}), f.now);
  f.core.on_message(1, results({1, 2}), f.now);
  CHECK(f.commit().empty());
  CHECK(f.acked().done.count() == 3);
  f.core.on_message(1, results({0, 1}), f.now);
  CHECK(f.commit() == "0\n1\n2\n");
  f.core.on_message(1, Letter{.job = job_a, .seq = 3, .attempts = 3}, f.now);
  CHECK(f.commit() == "4\n");
}

TEST_CASE(
    "sink: in order and with a ledger, what waits long is set aside, together, and then acked") {
  Fixture f({.keeps = true, .keep_order = true});
  for (Seq seq = 1; seq <= 50; ++seq) f.core.on_message(1, results({seq, 1}), f.now);
  f.core.tick(f.now);
  CHECK(f.commit().empty());
  CHECK(f.acked().done.empty());
  CHECK_FALSE(f.core.owes_acks());
  f.now += 1s;
  f.core.tick(f.now);
  CHECK(f.commit().empty());
  CHECK(f.aside.size() == 1);
  CHECK(f.acked().done.count() == 50);
  f.core.on_message(1, results({0, 1}), f.now);
  std::string all = f.commit();
  CHECK(all.starts_with("0\n1\n2\n"));
  CHECK(all.ends_with("50\n"));
  CHECK(f.aside.empty());
}

TEST_CASE("sink: in order, beyond its memory it sets aside what is furthest off") {
  Fixture f({.keep_order = true, .memory = 10'000});
  for (Seq seq = 1; seq <= 100; ++seq) f.core.on_message(1, results({seq, 1}), f.now);
  CHECK(f.written().empty());
  REQUIRE_FALSE(f.aside.empty());
  CHECK(f.aside.begin()->first > 10);
  f.core.on_message(1, results({0, 1}), f.now);
  CHECK(f.written().size() == 10 * 2 + 90 * 3 + 4);
}

TEST_CASE("sink: PIPE-23, it answers close once that is committed, and then it is finished") {
  Fixture f({.keeps = true});
  f.core.on_message(1, results({0, 2}), f.now);
  f.core.on_message(1, Close{.job = job_a, .total = 2, .done = 2}, f.now);
  CHECK_FALSE(f.core.finished());
  f.commit();
  int closed = 0;
  for (auto& envelope : f.core.take_outbox().envelopes) {
    closed += std::holds_alternative<Closed>(envelope.message) ? 1 : 0;
  }
  CHECK(closed == 1);
  CHECK(f.core.finished());
}

TEST_CASE("sink: complete but never told so, it leaves in the end") {
  Fixture f;
  Results all = results({0, 2});
  all.total = 2;
  f.core.on_message(1, all, f.now);
  f.commit();
  f.core.tick(f.now + 1s);
  CHECK_FALSE(f.core.finished());
  f.core.tick(f.now + 60s);
  CHECK(f.core.finished());
}

TEST_CASE("sink: a total beyond all counting does not hold it up") {
  Fixture f;
  Results first = results({0, 1});
  first.sinks = {Id::of_name("sink"), Id::of_name("another")};
  first.total = std::uint64_t{1} << 62;
  f.core.on_message(1, first, f.now);
  CHECK(f.commit() == "0\n");
  CHECK_FALSE(f.core.expected(job_a));
  first.total = 1;
  f.core.on_message(1, first, f.now);
  CHECK(f.core.expected(job_a));
}

TEST_CASE("sink: a new job begins the output anew, unless an earlier one is unfinished") {
  SinkJob closed{.job = job_a, .closed = true};
  Fixture fresh({.keeps = true}, {closed});
  fresh.core.on_message(1, results({0, 1}, job_b), fresh.now);
  fresh.written();
  CHECK(fresh.afresh);

  Fixture open({.keeps = true, .keep_open = true}, {closed});
  open.core.on_message(1, results({0, 1}, job_b), open.now);
  open.written();
  CHECK_FALSE(open.afresh);

  SinkJob unfinished{.job = job_a};
  Fixture refusing({.keeps = true}, {unfinished});
  refusing.core.on_message(1, results({0, 1}, job_b), refusing.now);
  CHECK_FALSE(refusing.core.refusal().empty());
  CHECK(refusing.written().empty());

  Fixture resuming({.keeps = true}, {unfinished});
  resuming.core.on_message(1, results({0, 1}, job_a), resuming.now);
  CHECK(resuming.core.refusal().empty());
  CHECK(resuming.written() == "0\n");
}

TEST_CASE("sink: the end of a job is owed until it is committed") {
  Fixture f;
  Results first = results({0, 1});
  first.total = 2;
  f.core.on_message(1, first, f.now);
  CHECK_FALSE(f.core.owes_end());
  f.core.on_message(1, results({1, 1}), f.now);
  CHECK(f.core.owes_end());
  f.commit();
  CHECK_FALSE(f.core.owes_end());
  f.core.on_message(1, Close{.job = job_a, .total = 2}, f.now);
  CHECK(f.core.owes_end());
  f.commit();
  CHECK_FALSE(f.core.owes_end());
}

TEST_CASE("sink: started again, it still knows how many tasks a job has, and what it lacks") {
  SinkJob before{.job = job_a, .total = 10};
  before.done.insert({0, 4});
  Fixture f({}, {before});
  Close close{.job = job_a, .total = 10, .done = 10};
  f.core.on_message(1, close, f.now);
  CHECK(f.core.expected(job_a) == 10);
  f.commit();
  REQUIRE(f.core.jobs().size() == 1);
  CHECK(f.core.jobs()[0]->closed);
  CHECK(f.core.jobs()[0]->done.count() == 4);
}
