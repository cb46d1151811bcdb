#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <shoal/reqrep/replier_core.hpp>
#include <shoal/reqrep/requester_core.hpp>

#include "node.hpp"

namespace shoal::sim {

/// What happens in one world; drawn from the seed by make_plan.
struct ReqPlan {
  std::uint64_t seed = 0;
  std::uint64_t requests = 60;  ///< a requester, over `lasts`
  int requesters = 2;
  int repliers = 3;
  bool circle = false;   ///< repliers pass on in a circle
  bool way_out = false;  ///< and to one beside it, which answers
  int fronts = 0;        ///< repliers that pass on to the others, and are the only ones asked
  bool direct = false;   ///< the last of a chain answers at the return address
  bool scatter = false;
  std::uint32_t wanted = 0;
  bool notify = false;
  bool cache = false;
  std::uint32_t slots = 2;
  std::uint32_t retries = 3;
  std::size_t queue = 1000;
  reqrep::Breaker breaker{};
  Duration work_most = std::chrono::milliseconds(50);
  double sick = 0;        ///< how often an honest replier answers `failed`
  bool one_sick = false;  ///< the first replier always does, and nothing else goes wrong with it
  bool liar = false;      ///< the last replier answers what it was not asked, twice, and nonsense
  double cancels = 0;
  int crashes = 0;
  int cuts = 0;
  bool lossy = false;  ///< messages are lost within sessions: less is promised
  NetworkFaults faults;
  Duration lasts = std::chrono::seconds(8);
};

class ReplierNode;
class RequesterNode;

/// One request as the world remembers it.
struct Asked {
  const RequesterNode* asker = nullptr;
  Time deadline{};
  std::string body;
  int ended = 0;
  bool given_up = false;  ///< cancelled, or its asker crashed
  Time cancelled_at = never;
  bool must_succeed = false;
  Time circle_by = never;  ///< by then it must have been found to go round
  std::set<Id> sent_to;    ///< nodes
};

struct ReqShared : Surroundings {
  ReqPlan plan;
  std::string fault;  ///< the first broken promise
  std::map<Id, Asked> asked;
  std::vector<Id> ids;
  std::vector<RequesterNode*> requesters;
  bool all_met = false;  ///< time enough to start and find each other has passed
  std::uint64_t answered = 0;
  std::uint64_t strays = 0;
  std::uint64_t probes = 0;

  explicit ReqShared(const ReqPlan& p) : Surroundings(p.seed), plan(p) {}
  /// Whether nothing goes wrong with nodes and ways.
  bool calm() const {
    return plan.crashes == 0 && plan.cuts == 0 && !plan.lossy && !plan.liar && plan.sick == 0;
  }
  void broken(const std::string& what) {
    if (fault.empty()) fault = what;
  }
};

/// What a replier makes of a body, and what of that comes back along a chain.
std::string answer_to(const std::string& body);
std::uint32_t status_of(const std::string& body);

/// Asks, on its own account or for a front. Only glue: decode, core, encode.
class AskingSide {
 public:
  /// `known`: how many repliers it dials; `first`: it asks on its own account.
  AskingSide(ReqShared& shared, Endpoint& self, std::size_t known, bool first);
  void on_up(net::PeerId session, ReplierNode& other);
  void on_message(net::PeerId session, const wire::Message& message);
  void on_down(net::PeerId session);
  void post();
  bool has(net::PeerId session) const { return nodes_.contains(session); }

  std::unique_ptr<reqrep::RequesterCore> core;

 private:
  ReqShared& shared_;
  Endpoint& self_;
  std::size_t known_;
  std::map<net::PeerId, std::pair<Id, ReplierNode*>> nodes_;
};

class RequesterNode : public Node {
 public:
  RequesterNode(ReqShared& shared, std::string named)
      : Node(shared), name(std::move(named)), shared_(shared) {}
  void start() override;
  void on_up(net::PeerId session, Endpoint& other) override;
  void on_message(net::PeerId session, wire::Message message) override;
  void on_down(net::PeerId session, bool left) override;

  /// A reply at our return address; whether it could be brought there.
  bool on_direct(ReplierNode& from, const wire::reqrep::Reply& reply);
  void ask(Duration limit, bool must_succeed);
  std::uint64_t strays() const { return asking_ ? asking_->core->stray() : 0; }
  std::uint64_t open() const { return asking_ ? asking_->core->open() : 0; }

  const std::string name;

 private:
  void on_crash() override;
  void forget() override { asking_.reset(); }
  void step();
  void take(const reqrep::Ended& ended);
  void check_answers(const reqrep::Ended& ended, const Asked& asked);

  ReqShared& shared_;
  std::unique_ptr<AskingSide> asking_;
  std::map<net::PeerId, ReplierNode*> direct_peers_;
  net::PeerId next_direct_ = 1;
  std::uint64_t asked_ = 0;
};

enum class Nature { honest, sick, liar };

class ReplierNode : public Node {
 public:
  /// `next`: how many repliers it passes on to; 0: it answers itself.
  ReplierNode(ReqShared& shared, std::string name, Nature kind, std::size_t next)
      : Node(shared), nature(kind), name_(std::move(name)), next_count_(next), shared_(shared) {}
  void start() override;
  void on_up(net::PeerId session, Endpoint& other) override;
  void on_message(net::PeerId session, wire::Message message) override;
  void on_down(net::PeerId session, bool left) override;
  void on_got(const Id& id);

  bool front() const { return next_count_ > 0; }
  const Id& node() const { return node_; }
  std::uint64_t open() const { return core_ ? core_->open() : 0; }

  const Nature nature;
  std::vector<Time> sent_to;  ///< when requests were sent here

 private:
  void forget() override;
  void step();
  void run(const reqrep::StartRun& start);
  void finish(const reqrep::StartRun& start);
  void pass_on(const reqrep::StartRun& start);
  void bring(const reqrep::DirectReply& direct);
  void take(const reqrep::Ended& ended);
  void lie(net::PeerId session);

  const std::string name_;
  const std::size_t next_count_;
  ReqShared& shared_;
  Id node_;
  int starts_ = 0;
  std::unique_ptr<reqrep::ReplierCore> core_;
  std::unique_ptr<AskingSide> next_;
  std::set<reqrep::RunId> running_;
  std::map<Id, reqrep::RunId> passed_on_;
  std::set<Id> done_;  // ids run to the end in this life
};

}  // namespace shoal::sim
