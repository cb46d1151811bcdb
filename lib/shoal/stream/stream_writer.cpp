#include <algorithm>
#include <chrono>

#include <shoal/runtime/log.hpp>
#include <shoal/store/memory_log.hpp>
#include <shoal/stream/port_glue.hpp>
#include <shoal/stream/stream_writer.hpp>

namespace shoal::stream {
namespace {

constexpr Duration tick_period = std::chrono::milliseconds(50);

store::UnixTime unix_now() {
  auto since = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<store::UnixTime>(std::chrono::duration_cast<Duration>(since).count());
}

std::unique_ptr<store::RecordLog> make_log(const StreamWriterOptions& options) {
  if (!options.log) return std::make_unique<store::MemoryLog>(options.memory);
  store::LogWriterOptions folder = *options.log;
  folder.now = unix_now();
  auto log = std::make_unique<store::LogWriter>(std::move(folder));
  if (log->cut() > 0) {
    log_warning(options.log->folder.string() + ": cut " + std::to_string(log->cut()) +
                " bytes off the end, of records that were not finished");
  }
  return log;
}

}  // namespace

StreamWriter::StreamWriter(net::Context& context, runtime::Reactor& reactor,
                           StreamWriterOptions options)
    : reactor_(reactor),
      options_(std::move(options)),
      log_(make_log(options_)),
      view_(*log_),
      core_({.stream = log_->id(), .epoch = log_->epoch()}, view_),
      port_(context, reactor, port_options(), *this) {
  working_ = reactor_.before_wait([this] { return work(); });
  ticking_ = reactor_.every(tick_period, [this] {
    log_->retain(unix_now());
    if (reactor_.now() >= core_.next_tick()) core_.tick(reactor_.now());
  });
}

StreamWriter::~StreamWriter() = default;

net::PortOptions StreamWriter::port_options() const {
  net::PortOptions port{.binds = options_.binds,
                        .connects = options_.connects,
                        .role = "publisher",
                        .accepts = {"subscriber"},
                        .node = Id::random(),
                        .limits = port_limits()};
  port.waiting_notice = no_notice;
  if (port.binds.empty() && port.connects.empty()) port.binds = {stream_endpoint};
  return port;
}

Offset StreamWriter::append(std::span<const store::NewRecord> records) {
  return log_->append(records, unix_now());
}

/// Commits what came in this round, then sends what readers may have.
bool StreamWriter::work() {
  commit(false);
  bool more = core_.pump(reactor_.now());
  post(core_.take_outbox(), port_);
  return more;
}

void StreamWriter::commit(bool all) {
  if (view_.head() == log_->end()) return;
  bool wait = options_.fsync == Fsync::interval && !all &&
              reactor_.now() < last_sync_ + options_.fsync_interval;
  if (wait) return log_->write();
  if (options_.fsync == Fsync::none) {
    log_->write();
  } else {
    log_->sync();
    last_sync_ = reactor_.now();
  }
  view_.commit(log_->end());
}

void StreamWriter::end() {
  commit(true);
  core_.end(reactor_.now());
}

bool StreamWriter::all_have_all() const {
  return view_.head() == log_->end() && core_.all_have_all();
}

std::size_t StreamWriter::lost_readers() const {
  if (options_.log) return 0;
  return static_cast<std::size_t>(
      std::ranges::count_if(lost_, [&](const auto& reader) { return reader.second < head(); }));
}

void StreamWriter::leave() {
  if (leaving_) return;
  leaving_ = true;
  commit(true);
  log_->retain(unix_now());
  port_.close(goodbye_limit);
}

void StreamWriter::on_up(PeerId peer, const wire::Hello& hello) {
  nodes_[peer] = hello.node;
  lost_.erase(hello.node);
  core_.on_up(peer, reactor_.now());
}

void StreamWriter::on_message(PeerId peer, wire::Message message) {
  net::receive(port_, peer, wire::stream::decode(message), [&](wire::stream::Any any) {
    core_.on_message(peer, std::move(any), reactor_.now());
  });
}

void StreamWriter::on_down(PeerId peer, const net::Down& why) {
  const Id node = nodes_.extract(peer).mapped();
  std::optional<Offset> taken = core_.taken(peer);
  bool back = std::ranges::any_of(nodes_, [&](const auto& other) { return other.second == node; });
  if (taken && !why.left && !back) lost_[node] = *taken;
  core_.on_down(peer);
}

}  // namespace shoal::stream
