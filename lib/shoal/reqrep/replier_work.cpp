// One piece of a replier's work, from its request to its answer.

#include <algorithm>

#include <shoal/base/hash.hpp>
#include <shoal/reqrep/failure.hpp>
#include <shoal/reqrep/replier_core.hpp>

namespace shoal::reqrep {

using namespace wire::reqrep;

namespace {

// What has no end on the wire has none here.
constexpr Duration for_ever = std::chrono::milliseconds(UINT32_MAX);

Time deadline_of(const Request& request, Time now) {
  return request.remaining >= for_ever ? never : now + request.remaining;
}

Reply with_id(Reply reply, const Id& id) {
  reply.id = id;
  return reply;
}

}  // namespace

void ReplierCore::admit(PeerId peer, Request& request, const std::shared_ptr<const Terms>& terms,
                        bool notify, Time now) {
  if (terms->hops > most_hops || is_circle(terms->path)) return turn_back(peer, request.id);
  if (request.body.size() > options_.max_request) {
    Reply answer = too_large("request", request.body.size(), "replier", options_.max_request);
    return reply(peer, with_id(std::move(answer), request.id));
  }
  if (Works::iterator* known = index_.find(request.id)) {
    return join(*known, peer, request, *terms, notify, now);
  }
  std::uint64_t body_hash = hash_of(request.body);
  if (const AnswerCache::Entry* kept = cache_.find(request.id)) {
    if (kept->body_hash != body_hash) {
      return reply(peer,
                   with_id(failure("another request with this id has been answered"), request.id));
    }
    return repeat(*kept, peer, terms, notify, deadline_of(request, now), now);
  }
  bool late = request.remaining <= Duration(0);
  if (late || draining_ || queue_full(request.body.size())) {
    ++counts_.dropped;
    ReplyKind kind = late ? ReplyKind::late : ReplyKind::busy;
    return reply(peer, {.id = request.id, .kind = kind});
  }
  ++counts_.taken;
  auto work = add(queued_, {.id = request.id,
                            .body = std::move(request.body),
                            .body_hash = body_hash,
                            .terms = terms,
                            .notify = notify,
                            .deadline = deadline_of(request, now)});
  if (notify) return reply(peer, {.id = request.id, .kind = ReplyKind::accepted});
  add_asker(work, peer);
}

/// The same request from another asker, or again from one of ours.
void ReplierCore::join(Works::iterator work, PeerId peer, const Request& request,
                       const Terms& terms, bool notify, Time now) {
  if (work->body_hash != hash_of(request.body)) {
    return reply(peer,
                 with_id(failure("another request with this id is being worked on"), request.id));
  }
  ++counts_.repeated;
  if (notify) {
    work->notify = true;
    return reply(peer, {.id = request.id, .kind = ReplyKind::accepted});
  }
  if (std::ranges::find(work->askers, peer, &Asker::peer) != work->askers.end()) return;
  add_asker(work, peer);
  widen(work, terms.path);
  Time deadline = deadline_of(request, now);
  if (deadline <= work->deadline) return;
  work->deadline = deadline;
  if (work->stage == Stage::delivering) return;
  deadlines_.remove(work->ends);
  work->ends = deadlines_.add(deadline, work->id);
}

/// Whether a request that these wait for would wait for itself here (PROTOCOL.md, REQ-16).
bool ReplierCore::is_circle(const std::vector<Id>& path) const {
  return path.size() >= most_path || std::ranges::find(path, options_.node) != path.end();
}

/// Answers an asker that it has asked for what it, or one before it, is waiting for itself.
void ReplierCore::turn_back(PeerId peer, const Id& id) {
  reply(peer, {.id = id,
               .kind = ReplyKind::circle,
               .error = Bytes::copy("the chain of repliers is a circle")});
  cancel(peer, id);
}

void ReplierCore::wait_too(PeerId peer, const Waiting& waiting) {
  Works::iterator* found = index_.find(waiting.id);
  if (found == nullptr) return;
  bool asked = std::ranges::find((*found)->askers, peer, &Asker::peer) != (*found)->askers.end();
  if (!asked) return;
  if (is_circle(waiting.path)) return turn_back(peer, waiting.id);
  widen(*found, waiting.path);
}

/// These wait for the work, too: whoever it is passed on to is to know.
void ReplierCore::widen(Works::iterator work, const std::vector<Id>& path) {
  if (path.empty()) return;
  auto wider = std::make_shared<Terms>(*work->terms);
  for (const Id& node : path) {
    bool known = std::ranges::find(wider->path, node) != wider->path.end();
    if (!known && wider->path.size() < most_path - 1) wider->path.push_back(node);
  }
  if (wider->path.size() == work->terms->path.size()) return;
  work->terms = std::move(wider);
  if (work->stage == Stage::passed_on) widened_.push_back({work->id, path_through(*work)});
}

std::vector<Id> ReplierCore::path_through(const Work& work) const {
  std::vector<Id> path = work.terms->path;
  path.push_back(options_.node);
  return path;
}

void ReplierCore::repeat(const AnswerCache::Entry& kept, PeerId peer,
                         const std::shared_ptr<const Terms>& terms, bool notify, Time deadline,
                         Time now) {
  ++counts_.repeated;
  if (notify) return reply(peer, {.id = kept.reply.id, .kind = ReplyKind::accepted});
  if (terms->return_to.empty()) return reply(peer, kept.reply);
  auto work = add(begun_, {.id = kept.reply.id,
                           .stage = Stage::passed_on,
                           .body_hash = kept.body_hash,
                           .terms = terms,
                           .deadline = deadline});
  add_asker(work, peer);
  deliver(work, kept.reply, now);
}

ReplierCore::Works::iterator ReplierCore::add(Works& list, Work work) {
  work.weight = work.body.size();
  held_bytes_ += work.weight;
  list.push_back(std::move(work));
  auto added = std::prev(list.end());
  added->ends = deadlines_.add(added->deadline, added->id);
  index_.add(added->id, added);
  return added;
}

void ReplierCore::add_asker(Works::iterator work, PeerId peer) {
  AskedHere& open = peers_.at(peer).open;
  work->askers.push_back({peer, open.insert(open.end(), work)});
}

/// Bodies are pieces of the message that brought them; what has to wait does not keep all of it.
void ReplierCore::own_bodies() {
  std::size_t newest = std::min(std::exchange(unowned_, 0), queued_.size());
  for (auto work = queued_.rbegin(); newest > 0; ++work, --newest) {
    work->body = Bytes::copy(work->body);
  }
}

void ReplierCore::start_runs(Time now) {
  while (running_ < options_.slots && !queued_.empty()) {
    auto work = queued_.begin();
    if (work->deadline <= now) {
      expire(work);
      continue;
    }
    work->stage = Stage::running;
    work->run = next_run_++;
    begun_.splice(begun_.end(), queued_, work);
    runs_.emplace(work->run, work);
    ++running_;
    starts_.push_back({.run = work->run,
                       .id = work->id,
                       .body = std::exchange(work->body, {}),
                       .headers = work->terms->headers,
                       .deadline = work->deadline,
                       .attempt = work->terms->attempt,
                       .hops = work->terms->hops,
                       .return_to = work->terms->return_to});
  }
}

/// Hands the answer to whoever brings it to the return address; it walks back by itself without a
/// `got` in time (PROTOCOL.md, REQ-14).
void ReplierCore::deliver(Works::iterator work, Reply reply, Time now) {
  if (work->stage == Stage::running) --running_;
  runs_.erase(work->run);
  work->stage = Stage::delivering;
  deadlines_.remove(work->ends);
  work->ends = deadlines_.add(std::min(work->deadline, now + options_.got_limit), work->id);
  work->reply = reply;
  if (reply.from.is_nil()) reply.from = options_.node;
  direct_.push_back({work->terms->return_to, std::move(reply)});
}

/// Ends work that nobody waits for any more. With a cache a run goes on when its asker has left,
/// for that one may come back and ask again.
void ReplierCore::abandon(Works::iterator work, bool may_ask_again) {
  if (!work->askers.empty() || work->plain || work->notify) return;
  bool begun = work->stage == Stage::running || work->stage == Stage::passed_on;
  if (begun && may_ask_again && cache_.enabled()) return;
  if (begun) stops_.push_back(work->run);
  if (work->stage == Stage::queued) ++counts_.dropped;
  remove(work);
}

/// The deadline has passed, or nobody has said `got`.
void ReplierCore::expire(Works::iterator work) {
  if (work->stage == Stage::delivering) return finish(work, std::exchange(work->reply, {}));
  const Reply late{.id = work->id, .kind = ReplyKind::late};
  if (work->stage != Stage::queued) {
    stops_.push_back(work->run);
    return finish(work, late);
  }
  ++counts_.dropped;
  for (const Asker& asker : work->askers) reply(asker.peer, late);
  remove(work);
}

void ReplierCore::finish(Works::iterator work, const Reply& answer) {
  for (const Asker& asker : work->askers) reply(asker.peer, answer);
  if (work->plain) plain_.push_back({*work->plain, answer.output});
  if (!work->askers.empty() || work->plain || work->notify) {
    ++counts_.answered;
    bool well = (answer.kind == ReplyKind::exited || answer.kind == ReplyKind::delivered) &&
                answer.status == 0;
    if (!well) ++counts_.failed;
  }
  remove(work);
}

void ReplierCore::remove(Works::iterator work) {
  for (const Asker& asker : work->askers) peers_.at(asker.peer).open.erase(asker.place);
  held_bytes_ -= work->weight;
  if (work->stage == Stage::running) --running_;
  if (work->run != 0) runs_.erase(work->run);
  deadlines_.remove(work->ends);
  index_.erase(work->id);
  Works& list = work->stage == Stage::queued ? queued_ : begun_;
  list.erase(work);
}

}  // namespace shoal::reqrep
