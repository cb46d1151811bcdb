#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include <shoal/pipeline/sink_store.hpp>
#include <shoal/store/ledger.hpp>
#include <shoal/store/result_file.hpp>
#include <shoal/store/spool.hpp>

namespace shoal::pipeline {

/// Results in a file, exactly once across kill -9: beside OUT stand OUT.shoal, the ledger, and
/// OUT.shoal-spool, what waits for its turn. A restart cuts the files back to what was committed.
class LedgerStore : public SinkStore {
 public:
  /// Throws Error: another sink has the ledger open (error), ledger and files do not fit together
  /// (bad_data), output and failed tasks go to files of one name (usage).
  explicit LedgerStore(SinkStoreOptions options);

  std::optional<Id> lasting_id() const override { return ledger_->id(); }
  std::vector<SinkJob> jobs() const override;
  std::map<Id, std::vector<SeqRange>> aside() const override;
  void carry_out(SinkAction action) override;
  bool commit(const std::vector<const SinkJob*>& changed) override;
  std::uint64_t uncommitted() const override { return uncommitted_; }
  void finish() override;

 private:
  void begin(const sink_action::Begin& begin);
  void append(const Id& job, const std::string& name, const wire::Batch& batch);
  void put_aside(const sink_action::SetAside& aside);
  void write_aside(const sink_action::WriteAside& aside);
  void check_output_exists();

  SinkStoreOptions options_;
  std::filesystem::path ledger_path_;
  std::filesystem::path spool_path_;
  std::optional<store::Ledger> ledger_;
  store::ResultFile output_;
  std::optional<store::ResultFile> failed_;
  std::optional<store::Spool> spool_;
  std::map<std::pair<Id, Seq>, store::SpoolRow> aside_;
  std::vector<store::Spool::Slot> to_drop_;  // after the next commit
  std::uint64_t uncommitted_ = 0;
};

}  // namespace shoal::pipeline
