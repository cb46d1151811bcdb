#include <fcntl.h>
#include <unistd.h>

#include <shoal/base/assert.hpp>
#include <shoal/base/error.hpp>
#include <shoal/pipeline/spool_note.hpp>
#include <shoal/pipeline/stream_store.hpp>

namespace shoal::pipeline {
namespace {

Fd open_for_writing(const std::filesystem::path& path, int flags) {
  Fd fd(open(path.c_str(), O_WRONLY | O_CLOEXEC | flags, 0666));
  if (!fd) throw system_error("cannot write " + path.string());
  return fd;
}

void write_all(int fd, std::string_view text, const std::string& name) {
  while (!text.empty()) {
    ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw system_error("cannot write " + name);
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace

StreamStore::StreamStore(runtime::Reactor& reactor, SinkStoreOptions options,
                         std::function<void()> committed)
    : options_(std::move(options)), committed_(std::move(committed)) {
  if (options_.output) opened_ = open_for_writing(*options_.output, 0);
  if (options_.failed) failed_ = open_for_writing(*options_.failed, O_CREAT | O_TRUNC);
  auto tell = [this] {
    if (std::exchange(waiting_, false)) committed_();
  };
  output_.emplace(reactor, opened_ ? opened_.get() : STDOUT_FILENO,
                  options_.output ? options_.output->string() : "stdout",
                  runtime::ByteSinkEvents{.drained = tell, .stopped = tell});
}

void StreamStore::carry_out(SinkAction action) {
  if (auto* results = std::get_if<sink_action::Write>(&action)) {
    write(results->job, results->name, results->batch);
  } else if (auto* letter = std::get_if<sink_action::WriteLetter>(&action)) {
    if (failed_) write_all(failed_.get(), format_letter(letter->letter), options_.failed->string());
  } else if (auto* set = std::get_if<sink_action::SetAside>(&action)) {
    if (!spool_) spool_.emplace();
    const wire::Batch& batch = set->batch;
    aside_[{set->job, batch.range.first}] = {batch.range, spool_note(batch),
                                             spool_->put(batch.payload)};
  } else if (auto* take = std::get_if<sink_action::WriteAside>(&action)) {
    auto node = aside_.extract({take->job, take->range.first});
    SHOAL_ASSERT(!node.empty());
    const Aside& aside = node.mapped();
    write(take->job, take->name, batch_of(aside.range, aside.note, spool_->get(aside.slot)));
    spool_->drop(aside.slot);
  }
}

void StreamStore::write(const Id& job, const std::string& name, const wire::Batch& batch) {
  output_->write(format_results(options_.format, job_label(job, name), batch));
}

bool StreamStore::commit(const std::vector<const SinkJob*>&) {
  output_->flush();
  check();
  waiting_ = output_->pending_bytes() > 0 && !closed();
  return !waiting_;
}

void StreamStore::check() const {
  if (output_->state() == runtime::ByteSink::State::failed) throw Error(output_->error());
}

bool StreamStore::closed() const {
  check();
  return output_->state() == runtime::ByteSink::State::closed;
}

}  // namespace shoal::pipeline
