#include <fcntl.h>
#include <unistd.h>

#include <shoal/base/error.hpp>
#include <shoal/runtime/log.hpp>
#include <shoal/store/file.hpp>
#include <shoal/stream/subscribe_output.hpp>

namespace shoal::stream {
namespace {

using namespace std::chrono_literals;

// A commit costs syncs of two files; so much, or so long, comes together.
constexpr std::uint64_t group_bytes = 4UL << 20;
constexpr Duration group_period = 50ms;

/// Empty, and ours alone: nobody else's messages are lost or mixed with ours.
Fd open_output(const std::filesystem::path& path) {
  Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666));
  if (!file) throw system_error("cannot write " + path.string());
  // Devices and pipes are shared as their users like.
  if (!store::is_regular_target(path)) return file;
  store::lock_output(file, path);
  if (ftruncate(file.get(), 0) != 0) throw system_error("cannot empty " + path.string());
  return file;
}

}  // namespace

SubscribeOutput::SubscribeOutput(runtime::Reactor& reactor, SubscribeOutputOptions options)
    : reactor_(reactor) {
  if (options.cursor) {
    cursor_.emplace(*options.cursor, options.output);
    if (cursor_->cut() > 0) {
      log_info(options.output->string() + ": cut " + std::to_string(cursor_->cut()) +
               " bytes that were not committed");
    }
    committing_ = reactor_.every(group_period, [] {});
    if (options.output) return;
  }
  if (options.output) {
    file_ = open_output(*options.output);
  }
  sink_.emplace(reactor, file_ ? file_.get() : STDOUT_FILENO,
                options.output ? options.output->string() : "stdout", runtime::ByteSinkEvents{});
}

std::map<Id, Cursor> SubscribeOutput::cursors() const {
  std::map<Id, Cursor> cursors;
  if (!cursor_) return cursors;
  for (const store::CursorRow& row : cursor_->cursors()) {
    cursors[row.stream] = {row.epoch, row.next};
  }
  return cursors;
}

void SubscribeOutput::write(Bytes text) {
  written_ += text.size();
  if (sink_) return sink_->write(std::move(text));
  cursor_->append(std::move(text));
}

void SubscribeOutput::put(Delivery delivery) {
  waiting_.push_back({.delivery = std::move(delivery), .end = written_});
}

std::vector<Delivery> SubscribeOutput::take_settled() {
  if (sink_ && sink_->state() == runtime::ByteSink::State::failed) throw Error(sink_->error());
  commit_due();
  return std::exchange(settled_, {});
}

void SubscribeOutput::commit_due() {
  bool much = written_ - committed_ >= group_bytes;
  bool late = reactor_.now() - last_commit_ >= group_period;
  // Without a cursor file nothing is committed, only written.
  if (!cursor_ || (!waiting_.empty() && (much || late))) commit();
}

void SubscribeOutput::commit() {
  std::uint64_t out = written_ - pending_bytes();
  std::size_t had = settled_.size();
  for (; !waiting_.empty() && waiting_.front().end <= out; waiting_.pop_front()) {
    Delivery& delivery = waiting_.front().delivery;
    if (cursor_) cursor_->put({delivery.stream, delivery.epoch, delivery.next});
    settled_.push_back(std::move(delivery));
  }
  if (!cursor_ || settled_.size() == had) return;
  cursor_->commit();
  committed_ = out;
  last_commit_ = reactor_.now();
}

bool SubscribeOutput::closed() const {
  return sink_ && sink_->state() == runtime::ByteSink::State::closed;
}

}  // namespace shoal::stream
