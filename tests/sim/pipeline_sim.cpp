// The pipeline's cores in a simulated world: messages are lost, repeated and overtaken, ways are
// cut, and nodes of all three roles crash and come back. Checked: every task's result is kept
// exactly once, and once the world heals everything ends by itself.
//
//   sim_pipeline [--seeds COUNT] [--from SEED] [--seed SEED]

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>

#include "pipeline_nodes.hpp"
#include "seeds.hpp"

using namespace shoal;
using namespace shoal::sim;
using namespace std::chrono_literals;

namespace {

Plan make_plan(std::uint64_t seed) {
  Random random(seed ^ 0x5eed);
  Plan plan{.seed = seed};
  plan.tasks = random.chance(0.05) ? random.between(0, 3) : random.between(20, 250);
  plan.workers = static_cast<int>(random.between(1, 4));
  plan.sinks = random.chance(0.25) ? 2 : 1;
  // Two sinks share a job in blocks: only one of several blocks needs both.
  if (plan.sinks == 2) plan.tasks = random.between(1500, 5000);
  plan.kind = static_cast<pipeline::WorkKind>(random.between(0, 2));
  plan.opaque = plan.kind == pipeline::WorkKind::batched && random.chance(0.5);
  plan.keep_order = random.chance(0.4);
  if (random.chance(0.1)) {
    // Tasks that take their worker down, and nothing else that goes wrong.
    plan.attempts = static_cast<std::uint32_t>(random.between(1, 4));
    if (plan.kind == pipeline::WorkKind::instant) plan.kind = pipeline::WorkKind::single;
    plan.poison = {random.between(0, 20)};
    return plan;
  }
  if (random.chance(0.15)) plan.ventilators = 2;
  for (std::uint64_t i = random.between(0, 3); i > 0; --i)
    plan.failing.insert(random.between(0, 60));
  if (plan.kind == pipeline::WorkKind::instant) plan.failing.clear();
  plan.crashes = {{Role::ventilator, static_cast<int>(random.between(2, 4))},
                  {Role::worker, static_cast<int>(random.between(2, 6))},
                  {Role::sink, static_cast<int>(random.between(2, 4))}};
  plan.input_lasts = plan.heal_after - 8s;
  plan.partitions = static_cast<int>(random.between(2, 5));
  plan.drains = static_cast<int>(random.between(0, 2));
  plan.faults.loss = 0.05 * static_cast<double>(random.between(1, 6)) / 2;
  plan.faults.repeat = 0.05 * static_cast<double>(random.between(1, 4));
  plan.faults.delay_most = random.between(Duration(2ms), Duration(200ms));
  // Without a ledger a sink must live for its results to live.
  if (random.chance(0.1)) {
    plan.sinks_keep = false;
    plan.crashes.erase(Role::sink);
  }
  return plan;
}

class World {
 public:
  explicit World(const Plan& plan) : shared_(plan) {
    shared_.network.faults = plan.faults;
    std::vector<Id> ids;
    for (int i = 0; i < plan.ventilators; ++i) {
      Id job = Id::of_name("job " + std::to_string(i));
      ventilators_.push_back(std::make_unique<VentilatorNode>(shared_, job));
    }
    for (int i = 0; i < plan.sinks; ++i) {
      Id id = Id::of_name("sink " + std::to_string(i));
      sinks_.push_back(std::make_unique<SinkNode>(shared_, id));
    }
    for (int i = 0; i < plan.workers; ++i) {
      workers_.push_back(std::make_unique<WorkerNode>(shared_, sinks_.size()));
      for (auto& ventilator : ventilators_)
        shared_.network.introduce(*workers_.back(), *ventilator);
      for (auto& sink : sinks_) shared_.network.introduce(*workers_.back(), *sink);
    }
    for (PipelineNode* node : nodes()) {
      shared_.schedule.in(shared_.random.between(Duration(0), Duration(3s)),
                          [node] { node->start(); });
    }
    plan_faults();
  }

  /// How often living nodes of each role were killed.
  std::map<Role, int> crashed() {
    std::map<Role, int> counts;
    for (PipelineNode* node : nodes()) counts[node->role()] += node->crashes();
    return counts;
  }

  /// Why the promise is broken; empty when it is kept.
  std::string run() {
    Time limit = Time{} + shared_.plan.heal_after + 300s;
    bool ended = shared_.schedule.run_until([&] { return finished(); }, limit);
    for (PipelineNode* node : nodes()) {
      if (!node->fault().empty()) return "among honest nodes, " + node->fault();
    }
    if (!ended) return "not finished long after the world healed: " + progress();
    return check_output();
  }

 private:
  std::vector<PipelineNode*> nodes() {
    std::vector<PipelineNode*> all;
    for (auto& node : ventilators_) all.push_back(node.get());
    for (auto& node : workers_) all.push_back(node.get());
    for (auto& node : sinks_) all.push_back(node.get());
    return all;
  }

  void plan_faults() {
    const Plan& plan = shared_.plan;
    Duration most = plan.heal_after - 5s;
    auto when = [&, most] {
      return shared_.random.between(Duration(10ms),
                                    shared_.random.chance(0.5) ? most : Duration(4s));
    };
    for (auto [role, count] : plan.crashes) {
      for (int i = 0; i < count; ++i) {
        PipelineNode* node = pick(role);
        shared_.schedule.in(when(), [node] { node->crash_and_restart(4s); });
      }
    }
    for (int i = 0; i < plan.partitions; ++i) {
      std::size_t pair = shared_.random.between(0, shared_.network.pairs() - 1);
      Duration length = shared_.random.between(Duration(10ms), Duration(10s));
      shared_.schedule.in(when(),
                          [this, pair, length] { shared_.network.partition(pair, length); });
    }
    for (int i = 0; i < plan.drains; ++i) {
      auto* worker = static_cast<WorkerNode*>(pick(Role::worker));
      shared_.schedule.in(when(), [worker] { worker->drain(); });
    }
    shared_.schedule.in(plan.heal_after, [this] {
      shared_.faults_on = false;
      shared_.network.faults = {};
    });
  }

  PipelineNode* pick(Role role) {
    std::vector<PipelineNode*> some;
    for (PipelineNode* node : nodes()) {
      if (node->role() == role) some.push_back(node);
    }
    return some[shared_.random.between(0, some.size() - 1)];
  }

  bool finished() {
    for (auto& node : ventilators_) {
      if (!node->finished()) return false;
    }
    if (shared_.plan.ventilators > 1) return true;
    for (auto& node : sinks_) {
      if (!node->finished()) return false;
    }
    return true;
  }

  std::string progress() {
    std::string text;
    for (auto& node : ventilators_) {
      text +=
          " ventilator " + node->job().brief() + (node->finished() ? " finished" : " unfinished");
      text += " journal " + std::to_string(node->journal().done.count()) + "+" +
              std::to_string(node->journal().failed.count());
      if (node->core() == nullptr) continue;
      text += " offered " + std::to_string(node->core()->offered()) + " in flight " +
              std::to_string(node->core()->in_flight()) + " workers " +
              std::to_string(node->core()->workers()) + (node->core()->over() ? " over" : "");
    }
    for (auto& node : sinks_) {
      text += node->finished() ? " sink finished" : " sink unfinished";
      text += node->alive() ? " alive " + node->refusal() : " dead";
      text += " " + std::to_string(std::count(node->output().begin(), node->output().end(), '\n'));
    }
    return text;
  }

  std::string check_output() {
    std::map<std::string, int> seen;
    std::map<std::string, Seq> last;
    for (auto& sink : sinks_) {
      std::string_view rest = sink->output();
      last.clear();
      while (!rest.empty()) {
        std::size_t end = rest.find('\n');
        std::string line(rest.substr(0, end));
        rest.remove_prefix(end + 1);
        if (++seen[line] > 1) return "the result of task " + line + " stands twice";
        std::string job = line.substr(0, line.find(':'));
        Seq seq = std::stoull(line.substr(line.find(':') + 1));
        if (shared_.plan.keep_order && last.contains(job) && last[job] > seq) {
          return "task " + line + " stands after a later one";
        }
        last[job] = seq;
      }
      for (const auto& letter : sink->letters()) {
        std::string name = letter.job.brief() + ":" + std::to_string(letter.seq);
        if (++seen[name] > 1) return "task " + name + " stands twice, once as a dead letter";
        bool known =
            shared_.plan.failing.contains(letter.seq) || shared_.plan.poison.contains(letter.seq);
        bool alone = shared_.plan.attempts > 1;
        if (!known && alone) return "task " + name + " is a dead letter for no reason";
        if (letter.payload.view() != name)
          return "the dead letter of " + name + " has another payload";
        if (letter.attempts != shared_.plan.attempts)
          return "dead letter after " + std::to_string(letter.attempts) + " attempts";
      }
    }
    std::uint64_t want = shared_.plan.tasks * static_cast<std::uint64_t>(shared_.plan.ventilators);
    if (seen.size() != want) {
      return std::to_string(seen.size()) + " of " + std::to_string(want) + " tasks are settled";
    }
    for (Seq seq : shared_.plan.poison) {
      int ran = shared_.executions[seq];
      bool exact = seq >= shared_.plan.tasks || ran == static_cast<int>(shared_.plan.attempts);
      if (!exact) return "a task that kills its worker ran " + std::to_string(ran) + " times";
    }
    return "";
  }

  Shared shared_;
  std::vector<std::unique_ptr<VentilatorNode>> ventilators_;
  std::vector<std::unique_ptr<WorkerNode>> workers_;
  std::vector<std::unique_ptr<SinkNode>> sinks_;
};

}  // namespace

int main(int argc, char** argv) {
  std::map<Role, int> crashed;
  int code = run_seeds(argc, argv, 3000, [&](std::uint64_t seed) {
    World world(make_plan(seed));
    std::string fault = world.run();
    for (auto [role, times] : world.crashed()) crashed[role] += times;
    return fault;
  });
  std::printf("killed and started again: %d ventilators, %d workers, %d sinks\n",
              crashed[Role::ventilator], crashed[Role::worker], crashed[Role::sink]);
  return code;
}
