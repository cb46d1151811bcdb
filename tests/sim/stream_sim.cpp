// The cores of streams in a simulated world: writers lose what they had not committed, readers what
// they had not written, ways are cut, and in some worlds messages are lost, repeated and overtaken,
// and old copies of logs put in their place.
// Checked: each reader takes each offset that it wants exactly once and in order, whatever is gone
// was called gone, nothing is seen that was not committed, credit is kept, no honest node is
// blamed, who stood behind what a log was set back to refuses to go on, and nobody else does, and
// once the world heals every reader has everything.
//
//   sim_stream [--seeds COUNT] [--from SEED] [--seed SEED]

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>

#include "seeds.hpp"
#include "stream_nodes.hpp"

using namespace shoal;
using namespace shoal::sim;
using namespace std::chrono_literals;
using stream::Position;

namespace {

StreamPlan make_plan(std::uint64_t seed) {
  Random random(seed ^ 0x57e4);
  StreamPlan plan{.seed = seed};
  plan.writers = static_cast<int>(random.chance(0.6) ? 1 : random.between(2, 3));
  plan.readers = static_cast<int>(random.between(1, 4));
  plan.records = random.between(30, 300);
  plan.batch = random.between(1, 1500);
  plan.window = random.chance(0.1) ? 1 : random.between(200, 10000);
  plan.writer_crashes = static_cast<int>(random.between(0, 4)) * plan.writers;
  plan.reader_crashes = static_cast<int>(random.between(0, 4)) * plan.readers;
  plan.partitions = static_cast<int>(random.between(0, 5));
  plan.retention = random.chance(0.4);
  plan.damage = random.chance(0.15);
  if (!plan.damage && random.chance(0.2)) plan.set_backs = static_cast<int>(random.between(1, 3));
  if (random.chance(0.5)) plan.slow = random.between(Duration(1ms), Duration(100ms));
  if (random.chance(0.15)) {
    // So slow that sessions end while much is unwritten.
    plan.slow = 2s;
    plan.window = std::max<std::uint64_t>(plan.window, 3000);
    plan.batch = std::max<std::size_t>(plan.batch, 500);
  }
  plan.commits_after = random.between(Duration(0), Duration(300ms));
  plan.faults.delay_most = random.between(Duration(1ms), Duration(100ms));
  plan.faults.overtaking = false;
  if (random.chance(0.4)) {
    plan.faults.loss = 0.03 * static_cast<double>(random.between(1, 5));
    plan.faults.repeat = 0.05 * static_cast<double>(random.between(0, 4));
    plan.faults.overtaking = random.chance(0.5);
  }
  return plan;
}

stream::ReaderCoreOptions reader_options(Random& random, const StreamPlan& plan) {
  stream::ReaderCoreOptions options{.streams = static_cast<std::size_t>(plan.writers),
                                    .window = plan.window};
  options.from.kind = random.chance(0.4) ? Position::Kind::beginning
                                         : static_cast<Position::Kind>(random.between(0, 5));
  if (options.from.kind == Position::Kind::offset || options.from.kind == Position::Kind::last) {
    options.from.value = random.between(0, plan.records);
  }
  if (options.from.kind == Position::Kind::time) {
    options.from.value = random.between(0, std::uint64_t{10'000'000'000});
  }
  const char* const patterns[] = {"a.*", "#.x", "c", "nothing"};
  if (random.chance(0.4)) options.topics.patterns = {patterns[random.between(0, 3)]};
  if (random.chance(0.1)) options.topics = {.patterns = {"a"}, .prefix = true};
  return options;
}

class World {
 public:
  explicit World(const StreamPlan& plan) : shared_(plan) {
    for (int i = 0; i < plan.writers; ++i) {
      Id id = Id::of_name("writer " + std::to_string(i));
      writers_.push_back(std::make_unique<WriterNode>(shared_, id));
    }
    for (int i = 0; i < plan.readers; ++i) {
      readers_.push_back(
          std::make_unique<ReaderNode>(shared_, reader_options(shared_.random, plan)));
      for (auto& writer : writers_) {
        readers_.back()->knows(*writer);
        shared_.network.introduce(*readers_.back(), *writer);
      }
    }
    for (Node* node : nodes()) {
      shared_.schedule.in(shared_.random.between(Duration(0), Duration(5s)),
                          [node] { node->start(); });
    }
    plan_faults();
  }

  /// Why the promise is broken; empty when it is kept.
  std::string run() {
    Time limit = Time{} + shared_.plan.heal_after + 600s;
    bool ended = shared_.schedule.run_until([&] { return !fault().empty() || finished(); }, limit);
    if (std::string broken = fault(); !broken.empty()) return broken;
    return ended ? "" : "not at the head long after the world healed:" + progress();
  }

  void count(std::map<std::string, std::uint64_t>& sums) {
    for (auto& node : writers_) {
      sums["writers killed"] += static_cast<std::uint64_t>(node->crashes());
      sums["records committed"] += node->log().head();
    }
    for (auto& node : readers_) {
      sums["readers killed"] += static_cast<std::uint64_t>(node->crashes());
      sums["records taken"] += node->taken();
      sums["offsets trimmed"] += node->trimmed();
      sums["readers refused"] += node->refused();
      sums["readings"] += node->readings();
    }
  }

 private:
  std::vector<Node*> nodes() {
    std::vector<Node*> all;
    for (auto& node : writers_) all.push_back(node.get());
    for (auto& node : readers_) all.push_back(node.get());
    return all;
  }

  void plan_faults() {
    const StreamPlan& plan = shared_.plan;
    auto when = [&] { return shared_.random.between(Duration(10ms), plan.heal_after - 2s); };
    for (int i = 0; i < plan.writer_crashes; ++i) {
      Node* node = writers_[shared_.random.between(0, writers_.size() - 1)].get();
      shared_.schedule.in(when(), [node] { node->crash_and_restart(3s); });
    }
    for (int i = 0; i < plan.set_backs; ++i) {
      WriterNode* node = writers_[shared_.random.between(0, writers_.size() - 1)].get();
      shared_.schedule.in(when(), [node] {
        node->crash_and_restart(3s);
        node->set_back();
      });
    }
    for (int i = 0; i < plan.reader_crashes; ++i) {
      Node* node = readers_[shared_.random.between(0, readers_.size() - 1)].get();
      shared_.schedule.in(when(), [node] { node->crash_and_restart(3s); });
    }
    for (int i = 0; i < plan.partitions; ++i) {
      std::size_t pair = shared_.random.between(0, shared_.network.pairs() - 1);
      Duration length = shared_.random.between(Duration(10ms), Duration(5s));
      shared_.schedule.in(when(),
                          [this, pair, length] { shared_.network.partition(pair, length); });
    }
    shared_.schedule.in(plan.heal_after, [this] {
      shared_.faults_on = false;
      shared_.network.faults = {.overtaking = false};
    });
    shared_.schedule.in(plan.heal_after + 1s, [this] {
      for (auto& writer : writers_) writer->end();
      ended_ = true;
    });
  }

  std::string fault() {
    for (Node* node : nodes()) {
      if (!node->fault().empty()) return "among honest nodes, " + node->fault();
    }
    for (auto& reader : readers_) {
      if (!reader->broken().empty()) return "a reader " + reader->broken();
    }
    return "";
  }

  bool finished() {
    if (!ended_) return false;
    for (auto& writer : writers_) {
      if (!writer->all_have_all()) return false;
      for (auto& reader : readers_) {
        if (!reader->has_all(*writer)) return false;
      }
    }
    return std::all_of(readers_.begin(), readers_.end(),
                       [](const auto& reader) { return reader->at_end(); });
  }

  std::string progress() {
    std::string text;
    for (auto& reader : readers_) {
      text += "\n  reader at" + reader->place() + (reader->at_end() ? " at end" : "");
    }
    for (auto& writer : writers_) {
      text += writer->all_have_all() ? "\n  writer content" : "\n  writer waits";
    }
    return text;
  }

  StreamShared shared_;
  std::vector<std::unique_ptr<WriterNode>> writers_;
  std::vector<std::unique_ptr<ReaderNode>> readers_;
  bool ended_ = false;
};

}  // namespace

int main(int argc, char** argv) {
  std::map<std::string, std::uint64_t> sums;
  int code = run_seeds(argc, argv, 3000, [&](std::uint64_t seed) {
    World world(make_plan(seed));
    std::string fault = world.run();
    world.count(sums);
    return fault;
  });
  for (const auto& [name, sum] : sums) {
    std::printf("%s: %llu\n", name.c_str(), static_cast<unsigned long long>(sum));
  }
  return code;
}
