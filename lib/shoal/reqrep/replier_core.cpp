#include <algorithm>

#include <shoal/base/assert.hpp>
#include <shoal/reqrep/failure.hpp>
#include <shoal/reqrep/replier_core.hpp>

namespace shoal::reqrep {

using namespace wire::reqrep;

ReplierCore::ReplierCore(ReplierCoreOptions options)
    : options_(std::move(options)), cache_(options_.cache, options_.cache_bytes) {
  SHOAL_ASSERT(options_.slots > 0);
}

void ReplierCore::on_up(PeerId peer, Time, std::uint64_t takes) {
  peers_.try_emplace(peer).first->second.takes = takes;
}

void ReplierCore::on_message(PeerId peer, Any message, Time now) {
  if (!peers_.contains(peer)) return;
  if (auto* requests = std::get_if<Requests>(&message)) {
    take(peer, *requests, now);
  } else if (auto* cancelled = std::get_if<Cancel>(&message)) {
    for (const Id& id : cancelled->ids) cancel(peer, id);
    start_runs(now);
  } else if (auto* waiting = std::get_if<Waiting>(&message)) {
    wait_too(peer, *waiting);
    start_runs(now);
  } else {
    outbox_.blame(peer, "it sent a replier what only a replier sends");
  }
}

void ReplierCore::take(PeerId peer, Requests& message, Time now) {
  auto terms = std::make_shared<const Terms>(Terms{.attempt = message.attempt,
                                                   .hops = message.hops,
                                                   .return_to = std::move(message.return_to),
                                                   .headers = std::move(message.headers),
                                                   .path = std::move(message.path)});
  std::size_t before = queued_.size();
  for (Request& request : message.requests) admit(peer, request, terms, message.notify, now);
  if (message.requests.size() > 1) unowned_ += queued_.size() - before;
  start_runs(now);
}

void ReplierCore::on_down(PeerId peer, Time now) {
  auto found = peers_.find(peer);
  if (found == peers_.end()) return;
  for (Works::iterator work : found->second.open) {
    std::erase_if(work->askers, [peer](const Asker& asker) { return asker.peer == peer; });
    abandon(work, true);
  }
  peers_.erase(found);
  std::erase(unposted_, peer);
  start_runs(now);
}

void ReplierCore::cancel(PeerId peer, const Id& id) {
  Works::iterator* found = index_.find(id);
  if (found == nullptr) return;
  Works::iterator work = *found;
  auto& askers = work->askers;
  auto asker = std::ranges::find(askers, peer, &Asker::peer);
  if (asker == askers.end()) return;
  peers_.at(peer).open.erase(asker->place);
  askers.erase(asker);
  abandon(work, false);
}

bool ReplierCore::on_plain(std::uint64_t asker, Bytes body, Time now) {
  if (draining_ || queue_full(body.size())) {
    ++counts_.dropped;
    return false;
  }
  static const auto no_terms = std::make_shared<const Terms>();
  ++counts_.taken;
  add(queued_, {.id = Id::random(), .body = std::move(body), .terms = no_terms, .plain = asker});
  start_runs(now);
  return true;
}

void ReplierCore::on_finished(RunId run, Reply reply, Time now) {
  auto found = runs_.find(run);
  if (found == runs_.end()) return;
  Works::iterator work = found->second;
  reply.id = work->id;
  bool answer = reply.kind == ReplyKind::exited || reply.kind == ReplyKind::signalled ||
                reply.kind == ReplyKind::overran;
  if (answer || reply.kind == ReplyKind::unfit) cache_.keep(reply, work->body_hash, now);
  bool direct = answer && work->stage == Stage::running && !work->terms->return_to.empty() &&
                !work->askers.empty();
  if (direct) {
    deliver(work, std::move(reply), now);
  } else {
    finish(work, reply);
  }
  start_runs(now);
}

std::vector<Id> ReplierCore::on_passed_on(RunId run, Time now) {
  auto found = runs_.find(run);
  if (found == runs_.end() || found->second->stage != Stage::running) return {};
  found->second->stage = Stage::passed_on;
  --running_;
  std::vector<Id> path = path_through(*found->second);
  start_runs(now);
  return path;
}

void ReplierCore::on_got(const Id& id, Time) {
  Works::iterator* found = index_.find(id);
  if (found == nullptr || (*found)->stage != Stage::delivering) return;
  Works::iterator work = *found;
  Reply answer = std::exchange(work->reply, {});
  finish(work, {.id = id, .kind = ReplyKind::delivered, .status = answer.status});
}

void ReplierCore::on_undeliverable(const Id& id, Time) {
  Works::iterator* found = index_.find(id);
  if (found == nullptr || (*found)->stage != Stage::delivering) return;
  Works::iterator work = *found;
  finish(work, std::exchange(work->reply, {}));
}

void ReplierCore::drain(Time now) {
  draining_ = true;
  for (auto next = queued_.begin(); next != queued_.end();) {
    auto work = next++;
    if (work->notify || work->plain) continue;
    ++counts_.dropped;
    for (const Asker& asker : work->askers) {
      reply(asker.peer, {.id = work->id, .kind = ReplyKind::busy});
    }
    remove(work);
  }
  start_runs(now);
}

bool ReplierCore::finished() const {
  return draining_ && index_.empty() && unposted_.empty() && outbox_.envelopes.empty() &&
         plain_.empty() && stops_.empty();
}

void ReplierCore::tick(Time now) {
  while (std::optional<Id> id = deadlines_.due(now)) expire(*index_.find(*id));
  cache_.tick(now);
  start_runs(now);
}

Time ReplierCore::next_tick() const {
  return std::min(deadlines_.first(), cache_.next_tick());
}

bool ReplierCore::queue_full(std::size_t body_size) const {
  bool many = index_.size() - running_ >= options_.queue;
  bool large = held_bytes_ > 0 && held_bytes_ + body_size > options_.queue_bytes;
  return many || large;
}

void ReplierCore::reply(PeerId id, Reply reply) {
  auto found = peers_.find(id);
  if (found == peers_.end()) return;
  Peer& peer = found->second;
  if (reply.output.size() > peer.takes) {
    Id request = reply.id;
    reply = too_large("reply", reply.output.size(), "asker", peer.takes);
    reply.id = request;
  }
  std::size_t size = reply.output.size() + reply.error.size();
  std::vector<Reply>& replies = peer.replies.replies;
  bool full = replies.size() >= good_batch || peer.bytes + size > batch_bytes;
  if (full && !replies.empty()) post(id, peer);
  if (replies.empty()) unposted_.push_back(id);
  peer.bytes += size;
  replies.push_back(std::move(reply));
}

void ReplierCore::post(PeerId id, Peer& peer) {
  outbox_.post(id, std::exchange(peer.replies, {}));
  peer.bytes = 0;
  std::erase(unposted_, id);
}

Outbox ReplierCore::take_outbox() {
  own_bodies();
  for (PeerId id : std::exchange(unposted_, {})) post(id, peers_.at(id));
  return outbox_.take();
}

}  // namespace shoal::reqrep
