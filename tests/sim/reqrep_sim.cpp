// The cores of request/reply in a simulated world: ways are cut, nodes crash and come back, some
// repliers fail and one lies, requests are given up. Checked: each request ends exactly once, by
// its deadline, with the answer that belongs to it; what goes round in a circle of repliers is told
// so soon; with a cache nothing runs twice; no honest node is blamed; a replier that fails is left
// alone but for its probes; in a network that is well again everything is answered, and in the end
// nothing is left in any core.

#include <memory>

#include "reqrep_nodes.hpp"
#include "seeds.hpp"

using namespace shoal;
using namespace shoal::sim;
using namespace std::chrono_literals;

namespace {

// Sessions that are dead are noticed, and all that was asked has ended.
constexpr Duration settles_in = 12s;

ReqPlan make_plan(std::uint64_t seed) {
  Random random(seed ^ 0x5eed);
  ReqPlan plan{.seed = seed};
  plan.requesters = static_cast<int>(random.between(1, 3));
  plan.repliers = static_cast<int>(random.between(1, 4));
  plan.requests = random.between(20, 120);
  plan.slots = static_cast<std::uint32_t>(random.between(1, 4));
  plan.retries = static_cast<std::uint32_t>(random.between(0, 5));
  plan.breaker = {.failures = static_cast<std::uint32_t>(random.between(1, 6)),
                  .pause = random.between(Duration(200ms), Duration(2s))};
  plan.work_most = random.chance(0.3) ? Duration(600ms) : Duration(20ms);
  plan.queue = random.chance(0.2) ? 2 : 1000;
  plan.cache = random.chance(0.5);
  plan.faults.overtaking = false;
  plan.faults.delay_most = random.between(Duration(1ms), Duration(50ms));
  if (random.chance(0.1)) {
    plan.one_sick = true;
    plan.requesters = 1;
    plan.repliers = 2;
    plan.requests = 400;
    plan.cache = false;
    plan.queue = 1000;
    return plan;
  }
  if (random.chance(0.15)) {
    plan.circle = true;
    plan.way_out = random.chance(0.5);
    plan.fronts = static_cast<int>(random.between(2, 4));
    plan.repliers = plan.way_out ? 1 : 0;
    plan.direct = random.chance(0.3);
    plan.scatter = !plan.direct && random.chance(0.4);
    plan.retries = std::max(plan.retries, 4U);
    plan.breaker.failures = 1000;
    plan.work_most = 5ms;
    // Requests that wait for room behind others on every way of a circle wait for their deadlines.
    plan.slots = 400;
    plan.queue = 1000;
    plan.faults.delay_most = std::min(plan.faults.delay_most, Duration(10ms));
    plan.cancels = random.chance(0.3) ? 0.2 : 0;
    if (random.chance(0.5)) return plan;
    plan.crashes = static_cast<int>(random.between(0, 5));
    plan.cuts = static_cast<int>(random.between(0, 12));
    return plan;
  }
  std::uint64_t shape = random.between(0, 9);
  if (shape < 3) plan.fronts = static_cast<int>(random.between(1, 2));
  if (shape == 1 || shape == 2) plan.direct = true;
  if (shape == 4 || shape == 5) plan.scatter = true;
  if (shape == 5) plan.wanted = static_cast<std::uint32_t>(random.between(1, 2));
  if (shape == 6) plan.notify = true;
  plan.sick = random.chance(0.5) ? 0.1 : 0;
  plan.liar = random.chance(0.3);
  plan.cancels = random.chance(0.5) ? 0.2 : 0;
  plan.crashes = static_cast<int>(random.between(0, 5));
  plan.cuts = static_cast<int>(random.between(0, 12));
  if (random.chance(0.15)) plan.crashes = plan.cuts = 0;
  if (random.chance(0.2)) {
    plan.lossy = true;
    plan.faults.overtaking = random.chance(0.5);
    plan.faults.loss = 0.2;
    plan.faults.repeat = 0.2;
  }
  return plan;
}

class World {
 public:
  explicit World(const ReqPlan& plan) : shared_(plan) {
    shared_.network.faults = plan.faults;
    for (int i = 0; i < plan.repliers; ++i) {
      Nature nature = Nature::honest;
      if (plan.one_sick && i == 0) nature = Nature::sick;
      if (plan.liar && i == plan.repliers - 1) nature = Nature::liar;
      add_replier("replier " + std::to_string(i), nature, 0);
    }
    for (int i = 0; i < plan.fronts; ++i) {
      int next = plan.repliers + (plan.circle ? 1 : 0);
      add_replier("front " + std::to_string(i), Nature::honest, static_cast<std::size_t>(next));
      for (int k = 0; k < plan.repliers; ++k)
        shared_.network.introduce(*repliers_.back(), *repliers_[static_cast<std::size_t>(k)]);
    }
    for (int i = 0; plan.circle && i < plan.fronts; ++i) {
      int next = (i + 1) % plan.fronts;
      shared_.network.introduce(*repliers_[static_cast<std::size_t>(plan.repliers + i)],
                                *repliers_[static_cast<std::size_t>(plan.repliers + next)]);
    }
    shared_.schedule.in(2s, [this] { shared_.all_met = true; });
    for (int i = 0; i < plan.requesters; ++i) add_requester("requester " + std::to_string(i));
    plan_faults();
  }

  /// Why the promise is broken; empty when it is kept.
  std::string run() {
    bool well = run_for(shared_.plan.lasts + settles_in);
    if (well) check_breaker();
    shared_.faults_on = false;
    // One at a time, since a breaker that is half open takes one.
    for (int round = 0; round < 3; ++round) {
      for (RequesterNode* requester : shared_.requesters) {
        requester->ask(5s, can_succeed());
        well = well && run_for(6s);
      }
    }
    if (well) check_end();
    return shared_.fault;
  }

  const ReqShared& shared() const { return shared_; }

 private:
  void add_replier(const std::string& name, Nature nature, std::size_t next) {
    repliers_.push_back(std::make_unique<ReplierNode>(shared_, name, nature, next));
    ReplierNode* replier = repliers_.back().get();
    shared_.schedule.in(shared_.random.between(Duration(0), Duration(1s)),
                        [replier] { replier->start(); });
  }

  void add_requester(const std::string& name) {
    requesters_.push_back(std::make_unique<RequesterNode>(shared_, name));
    RequesterNode* requester = requesters_.back().get();
    shared_.requesters.push_back(requester);
    requester->start();
    for (auto& replier : repliers_) {
      bool asked = shared_.plan.fronts == 0 || replier->front();
      if (asked) shared_.network.introduce(*requester, *replier);
    }
    for (std::uint64_t i = 0; i < shared_.plan.requests; ++i) {
      Duration limit = shared_.random.between(Duration(100ms), Duration(6s));
      shared_.schedule.in(shared_.random.between(Duration(0), shared_.plan.lasts),
                          [requester, limit] { requester->ask(limit, false); });
    }
  }

  template <typename Nodes>
  auto& pick(Nodes& nodes) {
    return *nodes[shared_.random.between(0, nodes.size() - 1)];
  }

  void plan_faults() {
    const ReqPlan& plan = shared_.plan;
    auto when = [&] { return shared_.random.between(Duration(500ms), plan.lasts); };
    for (int i = 0; i < plan.crashes; ++i) {
      bool asker = shared_.random.chance(0.2);
      Node* node = asker ? static_cast<Node*>(&pick(requesters_)) : &pick(repliers_);
      shared_.schedule.in(when(), [this, node] {
        node->crash();
        shared_.schedule.in(shared_.random.between(Duration(1ms), Duration(3s)),
                            [node] { node->start(); });
      });
    }
    for (int i = 0; i < plan.cuts; ++i) {
      std::size_t pair = shared_.random.between(0, shared_.network.pairs() - 1);
      Duration length = shared_.random.between(Duration(1ms), Duration(2s));
      shared_.schedule.in(when(),
                          [this, pair, length] { shared_.network.partition(pair, length); });
    }
    shared_.schedule.in(plan.lasts, [this] {
      shared_.faults_on = false;
      shared_.network.faults = {.overtaking = false};
    });
  }

  bool run_for(Duration time) {
    Time limit = shared_.schedule.now() + time;
    bool stopped = shared_.schedule.run_until([&] { return !shared_.fault.empty(); }, limit);
    shared_.schedule.pass_to(limit);
    return !stopped;
  }

  /// Whether a request must be answered once all is well: there is somebody who can.
  bool can_succeed() const {
    const ReqPlan& plan = shared_.plan;
    if (plan.one_sick && plan.retries == 0) return false;
    if (plan.circle && !plan.way_out) return false;
    return plan.wanted <= static_cast<std::uint32_t>(plan.fronts > 0 ? plan.fronts : plan.repliers);
  }

  /// A replier that fails all is asked as often as it takes to open its breaker, and what was on
  /// its way by then; after that one request at a time, a pause apart.
  void check_breaker() {
    const ReqPlan& plan = shared_.plan;
    if (!plan.one_sick) return;
    const std::vector<Time>& sent = repliers_.front()->sent_to;
    std::size_t opening = plan.breaker.failures + plan.slots;
    std::uint64_t probes = 0;
    for (std::size_t i = plan.breaker.failures; i < sent.size(); ++i) {
      bool paused = sent[i] - sent[i - 1] >= plan.breaker.pause;
      if (paused) ++probes;
      if (i > opening && !paused)
        return shared_.broken("a replier was asked while its breaker was open");
    }
    if (probes == 0) shared_.broken("no probe went out");
    shared_.probes += probes;
  }

  void check_end() {
    for (auto& [id, asked] : shared_.asked) {
      if (asked.asker != nullptr && asked.ended == 0 && !asked.given_up)
        shared_.broken(asked.body + " never ended");
    }
    for (auto& requester : requesters_) {
      if (requester->open() != 0) shared_.broken("a requester still holds a request");
      shared_.strays += requester->strays();
    }
    for (auto& replier : repliers_) {
      if (replier->open() != 0) shared_.broken("a replier still holds a request");
    }
  }

  ReqShared shared_;
  std::vector<std::unique_ptr<ReplierNode>> repliers_;
  std::vector<std::unique_ptr<RequesterNode>> requesters_;
};

}  // namespace

int main(int argc, char** argv) {
  std::uint64_t answered = 0;
  std::uint64_t strays = 0;
  std::uint64_t probes = 0;
  int status = run_seeds(argc, argv, 3000, [&](std::uint64_t seed) {
    World world(make_plan(seed));
    std::string fault = world.run();
    answered += world.shared().answered;
    strays += world.shared().strays;
    probes += world.shared().probes;
    return fault;
  });
  std::printf("%llu answers, %llu stray replies, %llu probes\n",
              static_cast<unsigned long long>(answered), static_cast<unsigned long long>(strays),
              static_cast<unsigned long long>(probes));
  return status;
}
