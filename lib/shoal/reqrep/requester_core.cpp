#include <algorithm>

#include <shoal/reqrep/failure.hpp>
#include <shoal/reqrep/requester_core.hpp>

namespace shoal::reqrep {

using namespace wire::reqrep;

namespace {

// Whether the kind says that the request was run: it is not run again (PROTOCOL.md, REQ-7).
bool is_answer(ReplyKind kind) {
  return kind == ReplyKind::exited || kind == ReplyKind::signalled || kind == ReplyKind::overran;
}

std::string reason_of(const Reply& reply) {
  return reply.error.empty() ? "the replier failed" : std::string(reply.error.view());
}

}  // namespace

RequesterCore::RequesterCore(RequesterCoreOptions options)
    : options_(std::move(options)), breakers_(options_.breaker) {
  if (options_.scatter) options_.return_to.clear();
}

void RequesterCore::on_up(PeerId peer, const Id& node, std::uint32_t slots, Time now,
                          std::uint64_t takes) {
  auto [added, fresh] =
      repliers_.try_emplace(peer, Replier{.peer = peer,
                                          .node = node,
                                          .takes = takes,
                                          .pace = Pace(std::max(1U, slots), options_.ahead)});
  if (!fresh) return;
  added->second.breaker = &breakers_.attach(node, now);
  ever_there_ = true;
  ask_new(added->second, now);
  dispatch(now);
}

void RequesterCore::on_message(PeerId peer, Any message, Time now) {
  auto found = repliers_.find(peer);
  if (found == repliers_.end()) return;
  Replier& replier = found->second;
  auto* replies = std::get_if<Replies>(&message);
  if (replies == nullptr) {
    return outbox_.blame(peer, "it sent a requester what only a requester sends");
  }
  Measured measured;
  std::string fault;
  for (Reply& reply : replies->replies) {
    check_size(reply);
    OpenPlace* open = index_.find(reply.id);
    auto gather = open == nullptr ? gathers_.find(reply.id) : gathers_.end();
    if (open != nullptr && (*open)->with == &replier) {
      fault = settle(replier, *open, reply, measured, now);
    } else if (gather != gathers_.end()) {
      fault = settle_part(replier, gather, reply, measured, now);
    } else {
      note_stray(reply);
    }
    if (!fault.empty()) break;
  }
  if (measured.answers > 0) replier.pace.on_answered(measured.answers, measured.latency, now);
  if (!fault.empty()) outbox_.blame(peer, fault);
  dispatch(now);
}

/// What is larger than we take is of no use, whatever it says.
void RequesterCore::check_size(Reply& reply) const {
  if (reply.output.size() <= options_.max_reply) return;
  Reply unfit = too_large("reply", reply.output.size(), "asker", options_.max_reply);
  unfit.id = reply.id;
  unfit.from = reply.from;
  reply = std::move(unfit);
}

/// What a reply does to the request it belongs to; returns what is wrong with it, if anything.
std::string RequesterCore::settle(Replier& replier, OpenPlace open, Reply& reply,
                                  Measured& measured, Time now) {
  bool probe = open->probe;
  if (reply.kind == ReplyKind::accepted && !options_.notify)
    return "it accepted a notification that was a request";
  if (reply.kind == ReplyKind::delivered && return_to(open->ask).empty())
    return "it delivered to a return address that was not given";
  // The link of a chain that passed it on waits for no more than that its asker has it.
  bool delivered_for_us = reply.kind == ReplyKind::delivered && open->ask.hops > 0;
  switch (delivered_for_us ? ReplyKind::exited : reply.kind) {
    case ReplyKind::exited:
    case ReplyKind::signalled:
    case ReplyKind::overran:
    case ReplyKind::accepted: {
      answered(replier, probe, open->sent, measured, now);
      Id from = reply.from.is_nil() ? replier.node : reply.from;
      end(open, {.kind = Ended::Kind::answered, .replies = {{from, std::move(reply)}}});
      break;
    }
    case ReplyKind::busy:
      if (probe) replier.breaker->probe_lost();
      replier.paused_until = now + options_.busy_pause;
      open->with = nullptr;
      open->probe = false;
      open->reason = "every replier is busy";
      if (--open->attempts > 0) --retried_;
      move(open, again_);
      break;
    case ReplyKind::late:
      replier.breaker->failed(probe, breakers_.rule(), now);
      end(open, {.kind = Ended::Kind::timed_out});
      break;
    case ReplyKind::failed:
      replier.breaker->failed(probe, breakers_.rule(), now);
      fail_attempt(open, reason_of(reply));
      break;
    case ReplyKind::unfit: {
      replier.breaker->succeeded(probe);
      Id from = reply.from.is_nil() ? replier.node : reply.from;
      end(open, {.kind = Ended::Kind::answered, .replies = {{from, std::move(reply)}}});
      break;
    }
    case ReplyKind::circle:
      replier.breaker->succeeded(probe);
      open->reason = reason_of(reply);
      open->shut.push_back(replier.node);
      try_again(open);
      break;
    case ReplyKind::delivered:
      replier.breaker->failed(probe, breakers_.rule(), now);
      fail_attempt(open, "the answer was delivered, but not to us");
      break;
  }
  return {};
}

/// An answer of a replier, to be counted for its pace and its breaker.
void RequesterCore::answered(Replier& replier, bool probe, Time sent, Measured& measured,
                             Time now) {
  replier.breaker->succeeded(probe);
  ++measured.answers;
  measured.latency = std::min(measured.latency, now - sent);
}

/// The replier that has the request has failed it.
void RequesterCore::fail_attempt(OpenPlace open, std::string reason) {
  open->reason = std::move(reason);
  try_again(open);
}

void RequesterCore::try_again(OpenPlace open) {
  Replier& replier = *open->with;
  if (open->attempts > options_.retries) {
    bool circle = !open->shut.empty() && open->shut.back() == replier.node;
    return end(open, {.kind = circle ? Ended::Kind::circle : Ended::Kind::unreachable});
  }
  if (std::ranges::find(open->tried, replier.node) == open->tried.end())
    open->tried.push_back(replier.node);
  open->with = nullptr;
  open->probe = false;
  move(open, again_);
}

void RequesterCore::on_down(PeerId peer, const std::string& reason, Time now) {
  auto found = repliers_.find(peer);
  if (found == repliers_.end()) return;
  Replier& replier = found->second;
  if (replier.outstanding() > 0) {
    bool probe = replier.breaker->state(now) == Breakers::State::probing;
    replier.breaker->failed(probe, breakers_.rule(), now);
  }
  while (!replier.sent.empty()) fail_attempt(replier.sent.begin(), reason);
  lose(replier, reason);
  breakers_.detach(replier.node, now);
  repliers_.erase(found);
  last_there_ = now;
  dispatch(now);
}

void RequesterCore::on_direct(PeerId peer, Any message, Time now) {
  auto* replies = std::get_if<Replies>(&message);
  if (replies == nullptr)
    return direct_outbox_.blame(peer, "it sent a return address something else than replies");
  Got got;
  for (Reply& reply : replies->replies) {
    got.ids.push_back(reply.id);
    if (!settle_direct(reply, now)) ++stray_;
  }
  direct_outbox_.post(peer, std::move(got));
  dispatch(now);
}

bool RequesterCore::settle_direct(Reply& reply, Time now) {
  OpenPlace* found = index_.find(reply.id);
  if (found == nullptr || !is_answer(reply.kind)) return false;
  check_size(reply);
  OpenPlace open = *found;
  if (return_to(open->ask).empty()) return false;
  if (open->with != nullptr && open->attempts == 1) {
    // The chain that begins there has answered: nothing of it is left to be cancelled.
    Replier& replier = *open->with;
    Measured measured;
    answered(replier, open->probe, open->sent, measured, now);
    replier.pace.on_answered(measured.answers, measured.latency, now);
  } else if (open->with != nullptr) {
    cancel_at(*open->with, reply.id);
    if (open->probe) open->with->breaker->probe_lost();
  }
  end(open, {.kind = Ended::Kind::answered, .replies = {{reply.from, std::move(reply)}}});
  return true;
}

const std::string& RequesterCore::return_to(const Ask& ask) const {
  return ask.return_to.empty() ? options_.return_to : ask.return_to;
}

void RequesterCore::note_stray(const Reply& reply) {
  if (reply.kind != ReplyKind::late && reply.kind != ReplyKind::delivered) ++stray_;
}

void RequesterCore::set_all_dialled(bool all) {
  bool waited_for = !gathers_.empty() || !again_.empty();
  recheck_ = recheck_ || (all && !all_dialled_ && waited_for);
  all_dialled_ = all;
}

void RequesterCore::offer(std::vector<Ask> asks, Time now) {
  for (Ask& ask : asks) {
    if (index_.contains(ask.id) || gathers_.contains(ask.id)) cancel(ask.id, now);
    if (options_.scatter) {
      gather(std::move(ask), now);
      continue;
    }
    fresh_.push_back({.ask = std::move(ask), .stands = &fresh_, .offered = now});
    OpenPlace open = std::prev(fresh_.end());
    open->ends = deadlines_.add(open->ask.deadline, open->ask.id);
    index_.add(open->ask.id, open);
  }
  dispatch(now);
}

void RequesterCore::widen(const Id& id, std::vector<Id> path) {
  OpenPlace* found = index_.find(id);
  if (found == nullptr) return;
  Open& open = **found;
  open.ask.path = std::move(path);
  if (open.with == nullptr) return;
  post_formed(*open.with);
  outbox_.post(open.with->peer, Waiting{id, open.ask.path});
}

void RequesterCore::cancel(const Id& id, Time now) {
  now_ = now;
  if (auto gather = gathers_.find(id); gather != gathers_.end()) drop(gather);
  OpenPlace* found = index_.find(id);
  if (found == nullptr) return;
  OpenPlace open = *found;
  if (open->with != nullptr) {
    cancel_at(*open->with, id);
    if (open->probe) open->with->breaker->probe_lost();
  }
  forget(open);
}

void RequesterCore::tick(Time now) {
  recheck_ = false;
  dispatch(now);
}

Time RequesterCore::next_tick() const {
  if (recheck_) return now_;
  Time next = deadlines_.first();
  bool waiting = !fresh_.empty() || !again_.empty();
  for (const auto& [peer, replier] : repliers_) {
    if (!waiting && replier.queue.empty()) continue;
    for (Time moment : {replier.paused_until, replier.breaker->reopens()}) {
      if (moment > now_) next = std::min(next, moment);
    }
  }
  return next;
}

void RequesterCore::end(OpenPlace open, Ended ended) {
  ended.id = open->ask.id;
  ended.attempts = open->attempts;
  if (ended.kind != Ended::Kind::answered && ended.reason.empty()) ended.reason = open->reason;
  ended_.push_back(std::move(ended));
  ++ended_count_;
  forget(open);
}

void RequesterCore::forget(OpenPlace open) {
  deadlines_.remove(open->ends);
  index_.erase(open->ask.id);
  OpenList& list = *open->stands;
  list.erase(open);
}

void RequesterCore::move(OpenPlace open, OpenList& to) {
  to.splice(to.end(), *open->stands, open);
  open->stands = &to;
}

void RequesterCore::expire(Time now) {
  while (std::optional<Id> id = deadlines_.due(now)) {
    if (OpenPlace* open = index_.find(*id)) {
      expire(*open, now);
    } else {
      expire(gathers_.find(*id), now);
    }
  }
}

void RequesterCore::expire(OpenPlace open, Time now) {
  bool nobody = open->attempts == 0 && nobody_since(open->offered);
  if (open->with != nullptr) {
    cancel_at(*open->with, open->ask.id);
    open->with->breaker->failed(open->probe, breakers_.rule(), now);
  }
  if (open->attempts == 0 && !repliers_.empty() && open->ask.body.size() > most_taken()) {
    return end_hopeless(open);
  }
  end(open, {.kind = nobody ? Ended::Kind::nobody : Ended::Kind::timed_out});
}

/// Whether no replier has been there since a request was offered.
bool RequesterCore::nobody_since(Time offered) const {
  return repliers_.empty() && (!ever_there_ || last_there_ < offered);
}

Outbox RequesterCore::take_outbox() {
  for (auto& [peer, replier] : repliers_) post_formed(replier);
  return outbox_.take();
}

}  // namespace shoal::reqrep
