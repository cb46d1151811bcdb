#include <atomic>
#include <random>

#include <doctest/doctest.h>

#include <shoal/store/ledger.hpp>
#include <shoal/store/result_file.hpp>
#include <shoal/store/spool.hpp>

#include "support.hpp"

using namespace shoal;
using namespace shoal::store;
using namespace store_test;

namespace {

// The record of task `seq`: its bytes follow from its number alone.
std::string record(Seq seq) {
  std::mt19937_64 random(seq);
  std::string text(random() % 2000, '\0');
  for (char& byte : text) byte = static_cast<char>(random());
  return text;
}

std::string records(Seq from, Seq to) {
  std::string all;
  for (Seq seq = from; seq < to; ++seq) all += record(seq);
  return all;
}

// The order that a sink keeps to. Every third group waits a round in the spool.
class Keeper {
 public:
  explicit Keeper(const TempDir& dir)
      : ledger_(dir / "ledger", "sink"),
        spool_(dir / "spool", slots(ledger_)),
        file_(dir / "out", ledger_.lengths()["out"]) {
    if (!ledger_.jobs().empty()) row_ = ledger_.jobs().front();
    waiting_ = ledger_.spooled();
  }

  // Takes in the next tasks and commits them.
  void round() {
    Seq from = row_.done.first_missing();
    SeqRange range{from, 1 + from % 7};
    std::vector<SpoolRow> written = std::exchange(waiting_, {});
    for (const SpoolRow& row : written) {
      file_.append(spool_.get({row.offset, row.size}));
      ledger_.drop_spooled(row.job, row.range.first);
    }
    std::string bytes = records(range.first, range.end());
    if (from % 3 == 0) {
      Spool::Slot slot = spool_.put(bytes);
      waiting_.push_back({row_.job, range, slot.offset, slot.size, ""});
      ledger_.add_spooled(waiting_.back());
      spool_.sync();
    } else {
      file_.append(Bytes::take(std::move(bytes)));
    }
    file_.sync();
    row_.done.insert(range);
    ledger_.put_job(row_);
    ledger_.put_length("out", file_.length());
    ledger_.commit();
    for (const SpoolRow& row : written) spool_.drop({row.offset, row.size});
  }

  // Whether output and spool together hold exactly the records of all tasks done.
  bool holds_all(const fs::path& out) {
    std::string all = read_file(out);
    if (all.size() != file_.length()) return false;
    for (const SpoolRow& row : waiting_) all += spool_.get({row.offset, row.size}).view();
    return all == records(0, done());
  }

  Seq done() const { return row_.done.count(); }

 private:
  static std::vector<Spool::Slot> slots(const Ledger& ledger) {
    std::vector<Spool::Slot> live;
    for (const SpoolRow& row : ledger.spooled()) live.push_back({row.offset, row.size});
    return live;
  }

  Ledger ledger_;
  Spool spool_;
  ResultFile file_;
  JobRow row_{.job = Id::of_name("job"), .name = "job"};
  std::vector<SpoolRow> waiting_;
};

// Keeps rounds going in a child and kills it some time after `rounds` of them were committed.
// Returns how many were heard of.
int run_and_kill(const TempDir& dir, std::uint64_t rounds, std::uint64_t spin) {
  Pipe committed;
  Child child([&] {
    committed.only_tell();
    Keeper keeper(dir);
    while (true) {
      keeper.round();
      committed.tell();
    }
    return 0;
  });
  committed.only_hear();
  int heard = 0;
  for (std::uint64_t i = 0; i < rounds && committed.hear(); ++i) ++heard;
  for (std::uint64_t i = 0; i < spin; ++i) std::atomic_signal_fence(std::memory_order_seq_cst);
  child.kill();
  CHECK(child.wait() == 128 + SIGKILL);
  while (committed.hear()) ++heard;
  return heard;
}

}  // namespace

TEST_CASE("crash: a hundred kills at random moments lose and repeat nothing") {
  std::mt19937_64 random(17);
  for (int job = 0; job < 5; ++job) {
    TempDir dir;
    for (int cycle = 0; cycle < 20; ++cycle) {
      Seq before = 0;
      if (cycle > 0) before = Keeper(dir).done();
      int heard = run_and_kill(dir, random() % 4, random() % 2'000'000);
      Keeper keeper(dir);
      REQUIRE(keeper.holds_all(dir / "out"));
      REQUIRE(keeper.done() >= before + static_cast<Seq>(heard));
    }
  }
}
