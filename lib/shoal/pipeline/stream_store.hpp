#pragma once

#include <functional>
#include <map>
#include <optional>
#include <utility>

#include <shoal/base/fd.hpp>
#include <shoal/pipeline/sink_store.hpp>
#include <shoal/runtime/byte_sink.hpp>
#include <shoal/store/spool.hpp>

namespace shoal::pipeline {

/// Results on stdout, or in anything else that is no regular file: each once as long as the sink
/// lives. A result counts as kept when it has been written.
class StreamStore : public SinkStore {
 public:
  StreamStore(runtime::Reactor& reactor, SinkStoreOptions options, std::function<void()> committed);

  std::optional<Id> lasting_id() const override { return std::nullopt; }
  void carry_out(SinkAction action) override;
  bool commit(const std::vector<const SinkJob*>& changed) override;
  bool closed() const override;
  std::uint64_t uncommitted() const override { return 0; }

 private:
  void write(const Id& job, const std::string& name, const wire::Batch& batch);
  void check() const;

  struct Aside {
    SeqRange range;
    std::string note;
    store::Spool::Slot slot;
  };

  SinkStoreOptions options_;
  std::function<void()> committed_;
  Fd opened_;
  std::optional<runtime::ByteSink> output_;
  Fd failed_;
  std::optional<store::Spool> spool_;
  std::map<std::pair<Id, Seq>, Aside> aside_;
  bool waiting_ = false;  // somebody wants to know when all is written
};

}  // namespace shoal::pipeline
