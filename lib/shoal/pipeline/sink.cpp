#include <algorithm>
#include <array>
#include <unistd.h>

#include <shoal/base/error.hpp>
#include <shoal/base/utf8.hpp>
#include <shoal/pipeline/port_glue.hpp>
#include <shoal/pipeline/sink.hpp>
#include <shoal/runtime/log.hpp>

namespace shoal::pipeline {
namespace {

constexpr Duration tick_period = std::chrono::milliseconds(50);

// Results are committed in groups: at most so often, or when so much has come together. That is
// less than one worker may have unacked (WorkerCoreOptions::bytes), or it would wait for the
// period.
constexpr Duration commit_period = std::chrono::milliseconds(20);
constexpr std::uint64_t commit_bytes = 1UL << 20;

// A trickle of small results is not to keep the disk and a core busy with syncs: they may take one
// part in so many of the time, as long as nobody waits for longer than this.
constexpr int commit_share = 25;
constexpr Duration longest_period = std::chrono::milliseconds(100);
constexpr std::uint64_t trickle_bytes = 256UL << 10;

// So many dead letters are told one by one; the rest only in the summary.
constexpr int most_warnings = 10;

std::vector<std::string> binds_or_default(const SinkOptions& options) {
  if (options.binds.empty() && options.connects.empty()) return {sink_endpoint};
  return options.binds;
}

/// Without a ledger a sink is known by where it listens: one started again there is the same to its
/// workers. One that listens nowhere in particular is new at each start.
Id volatile_id(const SinkOptions& options) {
  std::array<char, 256> host{};
  gethostname(host.data(), host.size() - 1);
  std::string name = "sink on " + std::string(host.data());
  for (const std::string& bind : binds_or_default(options)) {
    if (bind.ends_with(":*") || bind.ends_with(":0")) return Id::random();
    name += " " + bind;
  }
  return options.connects.empty() ? Id::of_name(name) : Id::random();
}

}  // namespace

Sink::Sink(net::Context& context, runtime::Reactor& reactor, SinkOptions options)
    : reactor_(reactor),
      options_(std::move(options)),
      store_(make_sink_store(reactor, options_.store, [this] { after_commit(); })),
      id_(store_->lasting_id().value_or(volatile_id(options_))),
      core_(core_options(), store_->jobs(), store_->aside()),
      port_(context, reactor, port_options(), *this) {
  checking_ = reactor_.before_wait([this] { return commit_if_due(); });
  ticking_ = reactor_.every(tick_period, [this] {
    if (reactor_.now() >= core_.next_tick()) core_.tick(reactor_.now());
    if (core_.finished()) leave();
  });
}

Sink::~Sink() = default;

SinkCoreOptions Sink::core_options() const {
  return {.id = id_,
          .keeps = store_->lasting_id().has_value(),
          .keep_order = options_.keep_order,
          .keep_open = options_.keep_open};
}

net::PortOptions Sink::port_options() const {
  net::PortOptions port{.binds = binds_or_default(options_),
                        .connects = options_.connects,
                        .role = "sink",
                        .accepts = {"worker"},
                        .node = Id::random(),
                        .limits = net::limits_for(options_.max_result)};
  port.fields[wire::takes_field] = std::to_string(port.limits.message_bytes);
  port.fields[field::sink] = std::string(id_.bytes());
  port.fields[field::keeps] = store_->lasting_id() ? "1" : "0";
  return port;
}

void Sink::on_up(PeerId peer, const wire::Hello&) {
  core_.on_up(peer);
}

void Sink::on_message(PeerId peer, wire::Message message) {
  net::receive(port_, peer, wire::pipeline::decode(message), [&](wire::pipeline::Any any) {
    const auto* letter = std::get_if<wire::pipeline::Letter>(&any);
    if (letter != nullptr && warned_++ < most_warnings) {
      log_warning("task " + std::to_string(letter->seq) + " failed " +
                  std::to_string(letter->attempts) + " times: " + letter->status +
                  (letter->error.empty() ? "" : ": ") + printable(letter->error));
    }
    core_.on_message(peer, std::move(any), reactor_.now());
  });
  if (!core_.refusal().empty()) {
    throw Error("cannot take another job: " + core_.refusal() +
                "; let that job finish, remove the output and its .shoal files to begin anew, or "
                "use --keep-open to have both");
  }
}

void Sink::on_down(PeerId peer, const net::Down&) {
  core_.on_down(peer);
}

/// Commits before the loop would sleep: what came in one round is one group. Quick rounds are put
/// together, so that small results do not cost a sync each.
bool Sink::commit_if_due() {
  post(core_.take_outbox(), port_);
  if (committing_ || leaving_ || !core_.owes_acks()) return false;
  for (SinkAction& action : core_.take_actions()) store_->carry_out(std::move(action));
  Duration period = commit_period;
  if (store_->uncommitted() < trickle_bytes && !core_.owes_end()) {
    period = std::clamp(commit_took_ * commit_share, commit_period, longest_period);
  }
  Time due = last_commit_ + period;
  bool now = reactor_.now() >= due || store_->uncommitted() >= commit_bytes || draining_;
  if (now) {
    commit();
    return true;
  }
  if (!commit_timer_ || due < commit_due_) {
    commit_due_ = due;
    commit_timer_ = reactor_.at(due, [this] { commit_timer_.reset(); });
  }
  return false;
}

void Sink::commit() {
  commit_timer_.reset();
  for (SinkAction& action : core_.take_actions()) store_->carry_out(std::move(action));
  committing_ = true;
  Time begun = std::chrono::steady_clock::now();
  bool done = store_->commit(core_.begin_commit());
  commit_took_ = std::chrono::steady_clock::now() - begun;
  if (done) after_commit();
}

void Sink::after_commit() {
  committing_ = false;
  last_commit_ = reactor_.now();
  core_.on_committed(reactor_.now());
  post(core_.take_outbox(), port_);
  if (core_.finished() || draining_ || store_->closed()) leave();
}

void Sink::leave() {
  if (leaving_) return;
  leaving_ = true;
  port_.close(net::goodbye_limit);
}

void Sink::drain() {
  draining_ = true;
  if (!core_.owes_acks()) leave();
}

void Sink::forget() {
  store_->finish();
}

bool Sink::finished() const {
  return leaving_ && port_.closed();
}

}  // namespace shoal::pipeline
