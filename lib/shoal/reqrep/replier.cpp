#include <shoal/reqrep/failure.hpp>
#include <shoal/reqrep/port_glue.hpp>
#include <shoal/reqrep/replier.hpp>
#include <shoal/runtime/log.hpp>

namespace shoal::reqrep {
namespace {

using wire::reqrep::ReplyKind;

ReplierCoreOptions core_options(const ReplierOptions& options, const Id& node) {
  return {.node = node,
          .slots = options.executor.slots,
          .cache = options.cache,
          .max_request = options.executor.max_output};
}

net::PortOptions port_options(const ReplierOptions& options, const Id& node) {
  net::PortOptions port{.binds = options.binds,
                        .connects = options.connects,
                        .role = "replier",
                        .accepts = {"requester"},
                        .node = node,
                        .limits = net::limits_for(options.executor.max_output)};
  port.fields[wire::slots_field] = std::to_string(options.executor.slots);
  port.fields[wire::takes_field] = std::to_string(options.executor.max_output);
  port.plain = true;
  if (port.binds.empty() && port.connects.empty()) port.binds = {replier_endpoint};
  return port;
}

/// The answer of a chain's next link as our own.
Reply walked_back(Ended ended) {
  switch (ended.kind) {
    case Ended::Kind::answered: {
      Reply reply = std::move(ended.replies.front().reply);
      reply.from = ended.replies.front().replier;
      return reply;
    }
    case Ended::Kind::timed_out:
      return {.kind = ReplyKind::late};
    case Ended::Kind::nobody:
      return failure("no replier is there to pass it on to");
    case Ended::Kind::circle:
      return {.kind = ReplyKind::circle, .error = Bytes::take(std::move(ended.reason))};
    case Ended::Kind::breakers:
      return failure("the repliers that it would be passed on to fail");
    case Ended::Kind::unreachable:
      break;
  }
  return failure("could not be passed on: " + ended.reason);
}

}  // namespace

Replier::Replier(net::Context& context, runtime::Reactor& reactor, ReplierOptions options)
    : Replier(context, reactor, std::move(options), Id::random()) {}

Replier::Replier(net::Context& context, runtime::Reactor& reactor, ReplierOptions options,
                 const Id& node)
    : reactor_(reactor),
      max_request_(options.executor.max_output),
      core_(core_options(options, node)),
      executor_(make_executor(
          reactor, options.executor,
          [this](RunId run, Reply reply) { on_run_finished(run, std::move(reply)); })),
      direct_(context, reactor, node, options.executor.max_output,
              {.got =
                   [this](const Id& id) {
                     core_.on_got(id, reactor_.now());
                     pump();
                   },
               .undeliverable =
                   [this](const Id& id) {
                     core_.on_undeliverable(id, reactor_.now());
                     pump();
                   }}),
      port_(context, reactor, port_options(options, node), *this),
      alarm_(reactor, [this] { look(); }) {
  if (!options.forward.empty()) {
    next_ = std::make_unique<Requester>(
        context, reactor,
        RequesterOptions{.connects = options.forward, .max_size = options.executor.max_output},
        [this](std::vector<Ended> all) {
          for (Ended& ended : all) on_passed_on_ended(std::move(ended));
          pump();
        });
  }
  looking_ = reactor_.every(look_period, [this] { look(); });
}

Replier::~Replier() = default;

void Replier::drain() {
  core_.drain(reactor_.now());
  pump();
}

bool Replier::finished() const {
  return leaving_ && port_.closed() && (!next_ || next_->closed());
}

void Replier::on_up(net::PeerId peer, const wire::Hello& hello) {
  core_.on_up(peer, reactor_.now(), wire::takes_of(hello));
  pump();
}

void Replier::on_message(net::PeerId peer, wire::Message message) {
  net::receive(port_, peer, wire::reqrep::decode(message), [&](wire::reqrep::Any any) {
    core_.on_message(peer, std::move(any), reactor_.now());
  });
  pump();
}

void Replier::on_down(net::PeerId peer, const net::Down&) {
  core_.on_down(peer, reactor_.now());
  pump();
}

void Replier::on_plain(net::PlainPeer peer, Bytes body) {
  if (body.size() > max_request_) {
    std::string reason(too_large("request", body.size(), "replier", max_request_).error.view());
    return log_warning("dropped a request of a bare ZeroMQ program: " + reason);
  }
  std::uint64_t asker = next_plain_++;
  plain_.emplace(asker, std::move(peer));
  if (!core_.on_plain(asker, std::move(body), reactor_.now())) {
    plain_.erase(asker);
    log_warning("dropped a request of a bare ZeroMQ program: the queue is full");
  }
  pump();
}

void Replier::answer(PlainReply reply) {
  auto peer = plain_.extract(reply.asker);
  if (!peer || port_.answer_plain(peer.mapped(), reply.body)) return;
  log_debug("a bare ZeroMQ program is gone, or does not read; its answer is dropped");
}

void Replier::look() {
  if (reactor_.now() >= core_.next_tick()) core_.tick(reactor_.now());
  pump();
}

/// Carries out what the core wants. What needs no command finishes on the spot and comes back here;
/// the outer call then goes on.
void Replier::pump() {
  if (pumping_) return;
  pumping_ = true;
  while (carry_out()) {
  }
  pumping_ = false;
  net::post(core_.take_outbox(), port_);
  alarm_.set(core_.next_tick());
  if (!core_.finished() || leaving_) return;
  leaving_ = true;
  port_.close(net::goodbye_limit);
  if (next_) next_->close(net::goodbye_limit);
}

bool Replier::carry_out() {
  std::vector<RunId> stops = core_.take_stops();
  StartRuns starts = core_.take_starts();
  std::vector<DirectReply> direct = core_.take_direct();
  std::vector<PlainReply> plain = core_.take_plain();
  for (RunId run : stops) stop(run);
  for (StartRun& run : starts) start(std::move(run));
  for (DirectReply& reply : direct) direct_.bring(std::move(reply));
  for (PlainReply& reply : plain) answer(std::move(reply));
  for (Widened& widened : core_.take_widened()) next_->widen(widened.id, std::move(widened.path));
  return !stops.empty() || !starts.empty() || !direct.empty() || !plain.empty();
}

void Replier::start(StartRun run) {
  if (next_) {
    StartRun kept = run;
    kept.body = {};
    to_be_passed_on_.emplace(run.run, std::move(kept));
  }
  executor_->start(std::move(run));
}

void Replier::stop(RunId run) {
  executor_->stop(run);
  to_be_passed_on_.erase(run);
  if (auto id = passed_on_ids_.extract(run)) {
    passed_on_.erase(id.mapped());
    next_->cancel(id.mapped());
  }
}

void Replier::on_run_finished(RunId run, Reply reply) {
  auto kept = to_be_passed_on_.extract(run);
  bool well = reply.kind == ReplyKind::exited && reply.status == 0;
  if (kept && well) {
    pass_on(std::move(kept.mapped()), std::move(reply.output));
  } else {
    core_.on_finished(run, std::move(reply), reactor_.now());
  }
  pump();
}

void Replier::pass_on(StartRun run, Bytes output) {
  passed_on_[run.id] = run.run;
  passed_on_ids_[run.run] = run.id;
  std::vector<Id> path = core_.on_passed_on(run.run, reactor_.now());
  std::vector<Ask> asks;
  asks.push_back({.id = run.id,
                  .body = std::move(output),
                  .deadline = run.deadline,
                  .headers = std::move(run.headers),
                  .hops = run.hops + 1,
                  .return_to = std::move(run.return_to),
                  .path = std::move(path)});
  next_->ask(std::move(asks));
}

void Replier::on_passed_on_ended(Ended ended) {
  auto run = passed_on_.extract(ended.id);
  if (!run) return;
  passed_on_ids_.erase(run.mapped());
  core_.on_finished(run.mapped(), walked_back(std::move(ended)), reactor_.now());
}

}  // namespace shoal::reqrep
