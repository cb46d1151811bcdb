#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <shoal/pipeline/sink_core.hpp>
#include <shoal/pipeline/ventilator_core.hpp>
#include <shoal/pipeline/worker_core.hpp>

#include "node.hpp"

namespace shoal::sim {

enum class Role { ventilator, worker, sink };

/// What happens in one world; drawn from the seed by make_plan.
struct Plan {
  std::uint64_t seed = 0;
  std::uint64_t tasks = 100;  ///< a ventilator
  int ventilators = 1;
  int workers = 3;
  int sinks = 1;
  pipeline::WorkKind kind = pipeline::WorkKind::instant;
  bool opaque = false;  ///< batched results cannot be cut
  bool keep_order = false;
  bool sinks_keep = true;  ///< the sinks have ledgers
  std::uint32_t attempts = 40;
  std::set<Seq> failing;  ///< tasks whose command fails every time
  std::set<Seq> poison;   ///< tasks that take their worker down every time
  std::map<Role, int> crashes;
  int partitions = 0;
  int drains = 0;
  NetworkFaults faults;
  Duration input_lasts{0};  ///< the input comes in evenly over so long: the job meets every fault
  Duration heal_after = std::chrono::seconds(40);
};

/// What the nodes of one world share.
struct Shared : Surroundings {
  Plan plan;
  std::map<Seq, int> executions;  ///< of each task of the first job

  explicit Shared(const Plan& p) : Surroundings(p.seed), plan(p) {}
};

/// A node with a role in the pipeline.
class PipelineNode : public Node {
 public:
  PipelineNode(Shared& shared, Role role) : Node(shared), shared_(shared), role_(role) {}
  Role role() const { return role_; }

 protected:
  Shared& shared_;

 private:
  Role role_;
};

class VentilatorNode : public PipelineNode {
 public:
  VentilatorNode(Shared& shared, Id job) : PipelineNode(shared, Role::ventilator), job_(job) {}
  void start() override;
  void on_up(net::PeerId session, Endpoint& other) override;
  void on_message(net::PeerId session, wire::Message message) override;
  void on_down(net::PeerId session, bool left) override;

  const Id& job() const { return job_; }
  bool finished() const { return finished_; }
  const pipeline::JobState& journal() const { return journal_; }
  const pipeline::VentilatorCore* core() const { return core_.get(); }

 private:
  void forget() override { core_.reset(); }
  void step();
  void read_input();
  void keep_ticking();

  Id job_;
  std::unique_ptr<pipeline::VentilatorCore> core_;
  pipeline::JobState journal_;
  std::uint64_t read_ = 0;
  bool finished_ = false;
};

class SinkNode : public PipelineNode {
 public:
  SinkNode(Shared& shared, Id id) : PipelineNode(shared, Role::sink), id_(id) {}
  void start() override;
  void on_up(net::PeerId session, Endpoint& other) override;
  void on_message(net::PeerId session, wire::Message message) override;
  void on_down(net::PeerId session, bool left) override;

  const Id& id() const { return id_; }
  bool keeps() const { return shared_.plan.sinks_keep; }
  bool finished() const { return finished_; }
  const std::string& output() const { return disk_.output; }
  const std::vector<wire::pipeline::Letter>& letters() const { return disk_.letters; }
  std::string refusal() const { return core_ ? core_->refusal() : ""; }

 private:
  struct Disk {
    std::string output;
    std::vector<wire::pipeline::Letter> letters;
    std::map<std::pair<Id, Seq>, wire::Batch> spool;
    std::map<Id, pipeline::SinkJob> jobs;
  };

  void forget() override { core_.reset(); }
  void step();
  void commit();
  void carry_out(pipeline::SinkAction action);
  bool crash_here();
  void keep_ticking();

  Id id_;
  std::unique_ptr<pipeline::SinkCore> core_;
  Disk disk_;     // as of the last commit
  Disk written_;  // what a crash may take
  bool finished_ = false;
  bool commit_due_ = false;
};

class WorkerNode : public PipelineNode {
 public:
  explicit WorkerNode(Shared& shared, std::size_t sinks)
      : PipelineNode(shared, Role::worker), all_sinks_(sinks) {}
  void start() override;
  void drain();
  void on_up(net::PeerId session, Endpoint& other) override;
  void on_message(net::PeerId session, wire::Message message) override;
  void on_down(net::PeerId session, bool left) override;

 private:
  void forget() override;
  void step();
  void run(const pipeline::StartRun& start);
  void finish(const pipeline::StartRun& start);
  void keep_ticking();

  std::size_t all_sinks_;
  std::unique_ptr<pipeline::WorkerCore> core_;
  std::map<net::PeerId, Role> sessions_;
  std::size_t sinks_now_ = 0;
  bool draining_ = false;
};

}  // namespace shoal::sim
