#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <shoal/stream/reader_core.hpp>
#include <shoal/stream/topic_filter.hpp>
#include <shoal/stream/writer_core.hpp>

#include "node.hpp"

namespace shoal::sim {

using stream::Offset;

/// What happens in one world; drawn from the seed by make_plan.
struct StreamPlan {
  std::uint64_t seed = 0;
  int writers = 1;
  int readers = 2;
  std::uint64_t records = 200;  ///< appended by each writer, about
  std::size_t batch = 500;      ///< octets
  std::uint64_t window = 2000;  ///< credit
  int writer_crashes = 0;
  int reader_crashes = 0;
  int partitions = 0;
  bool retention = false;
  int set_backs = 0;          ///< an old copy of a writer's log is put in its place
  bool damage = false;        ///< a crash of a writer may cost records in the middle of its log
  Duration slow{0};           ///< how long writing a delivery takes a reader, at most
  Duration commits_after{0};  ///< how long an append waits for its commit, at most
  NetworkFaults faults;
  Duration heal_after = std::chrono::seconds(20);
};

struct StreamShared : Surroundings {
  StreamPlan plan;
  explicit StreamShared(const StreamPlan& p) : Surroundings(p.seed), plan(p) {
    network.faults = p.faults;
  }
};

struct SimRecord {
  std::string topic;
  std::uint64_t epoch = 0;
  std::string bytes;
};

/// A log in memory that stands for a disk. Remembers everything that was ever committed, so that
/// what readers have taken can be compared with it.
class SimLog : public stream::LogView {
 public:
  Offset first() const override { return first_; }
  Offset head() const override { return committed_; }
  std::uint64_t epoch_before(Offset offset) const override;
  Offset find(const stream::Position& from) override;
  stream::Chunk read(Offset from, Offset until, std::size_t bytes,
                     const stream::TopicFilter& filter) override;
  std::vector<Offset> last_of_topics(Offset from, Offset until,
                                     const stream::TopicFilter& filter) override;

  void append(std::uint64_t epoch, std::string topic, Time now);
  void commit() { committed_ = records_.size(); }
  void tear() { records_.resize(committed_); }
  void trim(Offset first) { first_ = std::max(first_, first); }
  void damage(Offset from, Offset to);

  /// An operator puts a copy of the log in its place that ends at `end`, after `epoch` has written
  /// here.
  void set_back(Offset end, std::uint64_t epoch);

  /// The log as what was read in `epoch` saw it.
  const SimLog& as_of(std::uint64_t epoch) const;

  /// The least end that the log was set back to after `before` and before `epoch` began; all when
  /// it was not.
  Offset kept_between(std::uint64_t before, std::uint64_t epoch) const;

  bool gone(Offset offset) const { return offset < first_ || damaged_.contains(offset); }
  const SimRecord& record(Offset offset) const { return records_.at(offset); }

  /// Whether a committed record of the same topic follows; with `there` one that is not gone.
  bool has_later_of_topic(Offset offset, bool there) const;

 private:
  std::vector<SimRecord> records_;  // by offset; those behind committed_ are not on the disk
  Offset committed_ = 0;
  Offset first_ = 0;
  std::set<Offset> damaged_;
  Offset set_back_to_ = 0;  // of a log that is no more: the end of the copy that came after it
  std::map<std::uint64_t, std::shared_ptr<SimLog>> former_;  // by the last epoch that wrote there
};

class WriterNode : public Node {
 public:
  WriterNode(StreamShared& shared, Id id) : Node(shared), shared_(shared), id_(id) {}
  void start() override;
  void on_up(net::PeerId session, Endpoint& other) override;
  void on_message(net::PeerId session, wire::Message message) override;
  void on_down(net::PeerId session, bool left) override;

  void end();

  /// While it is dead. Epochs follow the clock: the next one is new all the same.
  void set_back();

  bool all_have_all() const { return core_ && core_->all_have_all(); }
  const Id& id() const { return id_; }
  const SimLog& log() const { return log_; }

 private:
  struct Sending {
    std::uint64_t reading = 0;
    std::uint64_t credit = 0;
    std::uint64_t sent = 0;
  };

  void forget() override;
  void step();
  void append_some();
  void keep_ticking();
  void watch_credit(const wire::Message& message, net::PeerId session);
  void watch_sends(const stream::Outbox& outbox);

  StreamShared& shared_;
  Id id_;
  SimLog log_;
  std::uint64_t epoch_ = 0;
  std::unique_ptr<stream::WriterCore> core_;
  std::map<net::PeerId, Sending> sending_;
  bool commit_due_ = false;
  bool pump_due_ = false;
  bool ended_ = false;
};

/// A reader with a durable cursor for each stream: what it took and its cursor survive together.
class ReaderNode : public Node {
 public:
  ReaderNode(StreamShared& shared, stream::ReaderCoreOptions options)
      : Node(shared),
        shared_(shared),
        options_(std::move(options)),
        filter_(*stream::TopicFilter::make(options_.topics)) {}
  void start() override;
  void on_up(net::PeerId session, Endpoint& other) override;
  void on_message(net::PeerId session, wire::Message message) override;
  void on_down(net::PeerId session, bool left) override;

  void knows(const WriterNode& writer) { writers_[writer.id()] = &writer; }

  /// Why what it took breaks the promise; empty when it keeps it.
  const std::string& broken() const { return broken_; }
  bool has_all(const WriterNode& writer) const;
  bool at_end() const { return core_ && core_->at_end(); }
  std::string place() const;  ///< where it stands, for people
  std::uint64_t taken() const { return taken_; }
  std::uint64_t trimmed() const { return trimmed_; }
  std::uint64_t refused() const { return refused_; }
  std::uint64_t readings() const { return readings_; }

 private:
  void forget() override;
  void step();
  void keep_ticking();
  void on_refusal();
  bool was_set_back() const;
  void take_next();
  void take(const stream::Delivery& delivery);
  std::string begins_well(const SimLog& log, const stream::Delivery& delivery) const;
  std::string covers_all(const SimLog& log, const stream::Delivery& delivery) const;
  bool may_leave_out(const SimLog& log, Offset offset) const;

  StreamShared& shared_;
  stream::ReaderCoreOptions options_;
  stream::TopicFilter filter_;
  std::map<Id, const WriterNode*> writers_;
  std::unique_ptr<stream::ReaderCore> core_;
  std::deque<stream::Delivery> waiting_;
  std::map<Id, stream::Cursor> disk_;
  std::string broken_;
  std::uint64_t taken_ = 0;
  std::uint64_t trimmed_ = 0;
  std::uint64_t refused_ = 0;
  bool refusing_ = false;
  std::uint64_t readings_ = 0;
};

}  // namespace shoal::sim
