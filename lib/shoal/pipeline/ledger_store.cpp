#include <unistd.h>

#include <shoal/base/error.hpp>
#include <shoal/pipeline/ledger_store.hpp>
#include <shoal/pipeline/spool_note.hpp>
#include <shoal/runtime/log.hpp>

namespace shoal::pipeline {
namespace {

std::filesystem::path beside(std::filesystem::path path, const char* suffix) {
  path += suffix;
  return path;
}

/// The ledger knows its files by their names alone, so two of one name would share a length.
void check_names(const SinkStoreOptions& options) {
  if (!options.failed) return;
  for (const char* suffix : {"", ".shoal", ".shoal-spool"}) {
    if (!store::same_file(*options.failed, beside(*options.output, suffix))) continue;
    throw Error(
        options.failed->string() + " is where results go; name another file for failed tasks",
        ExitCode::usage);
  }
  if (options.failed->filename() != options.output->filename()) return;
  throw Error("the output and the file of failed tasks are both called " +
                  options.output->filename().string() + "; give them different names",
              ExitCode::usage);
}

/// Tells of the output first, because that is what the user named: the ledger comes before it.
void check_writable(const std::filesystem::path& output) {
  std::filesystem::path folder = output.has_parent_path() ? output.parent_path() : ".";
  bool exists = access(output.c_str(), F_OK) == 0;
  bool writable =
      access(folder.c_str(), W_OK | X_OK) == 0 && (!exists || access(output.c_str(), W_OK) == 0);
  if (!writable) throw system_error("cannot write " + output.string());
}

}  // namespace

LedgerStore::LedgerStore(SinkStoreOptions options)
    : options_(std::move(options)),
      ledger_path_(beside(*options_.output, ".shoal")),
      spool_path_(beside(*options_.output, ".shoal-spool")),
      ledger_(std::in_place,
              (check_names(options_), check_writable(*options_.output), ledger_path_), "sink"),
      // An output that is not known yet is left as it is until a job begins.
      output_((check_output_exists(), store::open_at_committed(*options_.output, *ledger_))) {
  if (options_.failed) failed_.emplace(store::open_at_committed(*options_.failed, *ledger_));
  std::vector<store::Spool::Slot> live;
  for (store::SpoolRow& row : ledger_->spooled()) {
    live.push_back({row.offset, row.size});
    aside_.emplace(std::pair(row.job, row.range.first), std::move(row));
  }
  if (!live.empty()) spool_.emplace(spool_path_, live);
  if (output_.cut() > 0) {
    log_info(options_.output->string() + ": cut " + std::to_string(output_.cut()) +
             " uncommitted bytes of a former run");
  }
}

/// An output that is gone was deleted to begin anew, unless it held results that nobody would send
/// again.
void LedgerStore::check_output_exists() {
  std::error_code ignored;
  if (ledger_->created() || std::filesystem::exists(*options_.output, ignored)) return;
  for (const store::JobRow& row : ledger_->jobs()) {
    if (row.closed || (row.done.empty() && row.failed.empty())) continue;
    throw Error(
        options_.output->string() + " is gone, but " + ledger_path_.string() + " says it holds " +
            std::to_string(row.done.count()) +
            " results of an unfinished job; put it back, or remove the ledger to begin anew",
        ExitCode::bad_data);
  }
  ledger_->forget_everything_but_id();
  ledger_->commit();
}

std::vector<SinkJob> LedgerStore::jobs() const {
  std::vector<SinkJob> all;
  for (store::JobRow& row : ledger_->jobs()) {
    all.push_back({row.job, row.name, row.done, row.failed, row.total, row.closed});
  }
  return all;
}

std::map<Id, std::vector<SeqRange>> LedgerStore::aside() const {
  std::map<Id, std::vector<SeqRange>> all;
  for (const auto& [key, row] : aside_) all[key.first].push_back(row.range);
  return all;
}

void LedgerStore::carry_out(SinkAction action) {
  if (auto* first = std::get_if<sink_action::Begin>(&action)) {
    begin(*first);
  } else if (auto* write = std::get_if<sink_action::Write>(&action)) {
    append(write->job, write->name, write->batch);
  } else if (auto* letter = std::get_if<sink_action::WriteLetter>(&action)) {
    if (!failed_) return;
    Bytes line = format_letter(letter->letter);
    uncommitted_ += line.size();
    failed_->append(std::move(line));
  } else if (auto* set = std::get_if<sink_action::SetAside>(&action)) {
    put_aside(*set);
  } else if (auto* take = std::get_if<sink_action::WriteAside>(&action)) {
    write_aside(*take);
  }
}

void LedgerStore::begin(const sink_action::Begin& begin) {
  if (!begin.afresh) return;
  // Length 0 first: a file that is longer than its ledger says is cut, one that is shorter is
  // damage.
  ledger_->put_length(options_.output->filename().string(), 0);
  if (failed_) ledger_->put_length(options_.failed->filename().string(), 0);
  ledger_->commit();
  output_.restart();
  if (failed_) failed_->restart();
}

void LedgerStore::append(const Id& job, const std::string& name, const wire::Batch& batch) {
  Bytes text = format_results(options_.format, job_label(job, name), batch);
  uncommitted_ += text.size();
  output_.append(std::move(text));
}

void LedgerStore::put_aside(const sink_action::SetAside& aside) {
  if (!spool_) spool_.emplace(spool_path_, std::vector<store::Spool::Slot>());
  store::Spool::Slot slot = spool_->put(aside.batch.payload);
  store::SpoolRow row{aside.job, aside.batch.range, slot.offset, slot.size,
                      spool_note(aside.batch)};
  ledger_->add_spooled(row);
  aside_.emplace(std::pair(row.job, row.range.first), std::move(row));
  uncommitted_ += slot.size;
}

void LedgerStore::write_aside(const sink_action::WriteAside& aside) {
  auto node = aside_.extract({aside.job, aside.range.first});
  SHOAL_ASSERT(!node.empty());
  const store::SpoolRow& row = node.mapped();
  store::Spool::Slot slot{row.offset, row.size};
  append(aside.job, aside.name, batch_of(row.range, row.note, spool_->get(slot)));
  ledger_->drop_spooled(row.job, row.range.first);
  to_drop_.push_back(slot);
}

bool LedgerStore::commit(const std::vector<const SinkJob*>& changed) {
  output_.sync();
  if (failed_) failed_->sync();
  if (spool_) spool_->sync();
  ledger_->put_length(options_.output->filename().string(), output_.length());
  if (failed_) ledger_->put_length(options_.failed->filename().string(), failed_->length());
  for (const SinkJob* job : changed) {
    ledger_->put_job({job->job, job->name, job->done, job->failed, job->total, job->closed});
  }
  ledger_->commit();
  for (store::Spool::Slot slot : std::exchange(to_drop_, {})) spool_->drop(slot);
  uncommitted_ = 0;
  return true;
}

void LedgerStore::finish() {
  ledger_.reset();
  std::error_code ignored;
  std::filesystem::remove(ledger_path_, ignored);
  std::filesystem::remove(spool_path_, ignored);
}

}  // namespace shoal::pipeline
