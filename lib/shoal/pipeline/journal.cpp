#include <algorithm>

#include <shoal/base/error.hpp>
#include <shoal/pipeline/journal.hpp>

namespace shoal::pipeline {
namespace {

// A mark so often: what is read between two marks is kept back while it is verified.
constexpr std::uint64_t mark_every = 4UL << 20;  // bytes of input

/// JobRow::facts of a journal: the kind of input, a line feed, the ids of the sinks (FORMAT.md).
std::string facts_of(std::string_view kind, const std::vector<Id>& sinks) {
  std::string facts(kind);
  facts += '\n';
  for (const Id& sink : sinks) facts += sink.bytes();
  return facts;
}

Error other_job(const std::string& path, const std::string& why) {
  return Error(path + ": " + why + "; use another --journal, or run the same command as before",
               ExitCode::bad_data);
}

}  // namespace

Journal::Journal(const std::filesystem::path& path, const std::string& job_name,
                 std::string_view kind)
    : path_("journal " + path.string()), ledger_(path, "ventilator") {
  std::vector<store::JobRow> rows = ledger_.jobs();
  if (rows.empty()) {
    row_.job = job_name.empty() ? ledger_.id() : Id::of_name(job_name);
    row_.name = job_name;
    row_.facts = facts_of(kind, {});
    ledger_.put_job(row_);
    ledger_.commit();
    return;
  }
  row_ = std::move(rows.front());
  if (row_.name != job_name) throw other_job(path_, "it is the journal of job '" + row_.name + "'");
  std::string was = row_.facts.substr(0, row_.facts.find('\n'));
  if (was != kind)
    throw other_job(path_, "its job was read as " + was + ", not " + std::string(kind));
  for (const store::InputMark& mark : ledger_.marks(row_.job)) marks_.push_back(mark);
}

JobState Journal::restored() const {
  JobState state{.done = row_.done, .failed = row_.failed};
  std::string_view raw = row_.facts;
  raw.remove_prefix(std::min(raw.size(), raw.find('\n') + 1));
  for (; raw.size() >= Id::size; raw.remove_prefix(Id::size)) {
    state.sinks.push_back(*Id::from_bytes(raw.substr(0, Id::size)));
  }
  return state;
}

void Journal::refuse() const {
  throw other_job(path_, "it is of other input");
}

void Journal::follow(std::string_view block, std::uint64_t count, char delimiter) {
  std::uint64_t end_tasks = tasks_ + count;
  while (!marks_.empty() && marks_.front().bytes <= bytes_ + block.size()) {
    store::InputMark mark = marks_.front();
    std::string_view part = block.substr(0, mark.bytes - bytes_);
    hash_.update(part);
    block.remove_prefix(part.size());
    bytes_ += part.size();
    bool whole_block = block.empty();
    tasks_ =
        whole_block
            ? end_tasks
            : tasks_ + static_cast<std::uint64_t>(std::count(part.begin(), part.end(), delimiter));
    if (tasks_ != mark.tasks || hash_.digest() != mark.hash) refuse();
    marks_.pop_front();
    verified_ = tasks_;
    marked_bytes_ = bytes_;
  }
  hash_.update(block);
  bytes_ += block.size();
  tasks_ = end_tasks;
  if (row_.total && tasks_ > *row_.total) refuse();
  if (verifying()) return;
  verified_ = tasks_;
  if (bytes_ - marked_bytes_ >= mark_every) mark(true);
}

/// Marks the input up to here. Of the marks that do not stay only the last is kept.
void Journal::mark(bool stays) {
  if (last_tasks_ && *last_tasks_ != tasks_) ledger_.drop_mark(row_.job, *last_tasks_);
  last_tasks_.reset();
  ledger_.add_mark(row_.job, {tasks_, bytes_, hash_.digest()});
  if (stays) {
    marked_bytes_ = bytes_;
  } else {
    last_tasks_ = tasks_;
  }
}

std::uint64_t Journal::verified() const {
  return verified_;
}

void Journal::end_of_input() const {
  if (verifying()) refuse();
}

void Journal::commit(const JobState& state, const std::optional<std::uint64_t>& total,
                     bool closed) {
  if (verifying()) return;
  if (bytes_ > marked_bytes_ && last_tasks_ != tasks_) mark(false);
  std::string kind = row_.facts.substr(0, row_.facts.find('\n'));
  row_.done = state.done;
  row_.failed = state.failed;
  row_.total = total;
  row_.closed = closed;
  row_.facts = facts_of(kind, state.sinks);
  ledger_.put_job(row_);
  ledger_.commit();
}

}  // namespace shoal::pipeline
