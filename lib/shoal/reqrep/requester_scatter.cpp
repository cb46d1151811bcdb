// One request to every replier, and their replies gathered.

#include <algorithm>

#include <shoal/reqrep/failure.hpp>
#include <shoal/reqrep/requester_core.hpp>

namespace shoal::reqrep {

using namespace wire::reqrep;

void RequesterCore::gather(Ask ask, Time now) {
  Id id = ask.id;
  auto added = gathers_.emplace(id, Gather{.ask = std::move(ask), .offered = now}).first;
  added->second.ends = deadlines_.add(added->second.ask.deadline, id);
  for (auto& [peer, replier] : repliers_) ask_at(id, added->second, replier, now);
}

/// Puts a request in a replier's queue, unless that one has had it or is left alone.
void RequesterCore::ask_at(const Id& id, Gather& gather, Replier& replier, Time now) {
  auto [entry, fresh] = gather.parts.try_emplace(replier.node);
  Part& part = entry->second;
  bool again = part.state == Part::State::gone && part.attempts <= options_.retries;
  if (!fresh && !again) return;
  Breakers::State state = replier.breaker->state(now);
  if (state == Breakers::State::open || state == Breakers::State::probing) {
    part.state = Part::State::skipped;
    return;
  }
  if (gather.ask.body.size() > replier.takes) {
    Reply answer = too_large("request", gather.ask.body.size(), "replier", replier.takes);
    answer.id = id;
    gather.replies.push_back({replier.node, std::move(answer)});
    part.state = Part::State::answered;
    return;
  }
  part.state = Part::State::waiting;
  part.place = replier.queue.insert(replier.queue.end(), id);
}

void RequesterCore::ask_new(Replier& replier, Time now) {
  for (auto& [id, gather] : gathers_) ask_at(id, gather, replier, now);
}

/// The replier's session has ended: what it had not answered is lost, unless the same node comes
/// back in time.
void RequesterCore::lose(Replier& replier, const std::string& reason) {
  for (std::list<Id>* list : {&replier.queue, &replier.asked}) {
    for (const Id& id : std::exchange(*list, {})) {
      Gather& gather = gathers_.at(id);
      Part& part = gather.parts.at(replier.node);
      part.state = Part::State::gone;
      part.probe = false;
      gather.reason = reason;
    }
  }
}

std::string RequesterCore::settle_part(Replier& replier, GatherPlace place, Reply& reply,
                                       Measured& measured, Time now) {
  Gather& gather = place->second;
  auto found = gather.parts.find(replier.node);
  if (found == gather.parts.end() || found->second.state != Part::State::asked) {
    note_stray(reply);
    return {};
  }
  Part& part = found->second;
  if (reply.kind == ReplyKind::accepted && !options_.notify)
    return "it accepted a notification that was a request";
  if (reply.kind == ReplyKind::delivered)
    return "it delivered to a return address that was not given";
  if (reply.kind == ReplyKind::busy) {
    if (part.probe) replier.breaker->probe_lost();
    replier.paused_until = now + options_.busy_pause;
    if (--part.attempts > 0) --retried_;
    part.state = Part::State::waiting;
    part.probe = false;
    gather.reason = "a replier is busy";
    replier.queue.splice(replier.queue.end(), replier.asked, part.place);
    return {};
  }
  bool refused = reply.kind == ReplyKind::circle || reply.kind == ReplyKind::unfit;
  bool good = reply.kind != ReplyKind::failed && reply.kind != ReplyKind::late && !refused;
  if (good) {
    answered(replier, part.probe, part.sent, measured, now);
    ++gather.good;
  } else if (refused) {
    replier.breaker->succeeded(part.probe);
  } else {
    replier.breaker->failed(part.probe, breakers_.rule(), now);
  }
  replier.asked.erase(part.place);
  part.state = Part::State::answered;
  if (reply.kind != ReplyKind::late) {
    Id from = reply.from.is_nil() ? replier.node : reply.from;
    gather.replies.push_back({from, std::move(reply)});
  }
  conclude_if_over(place);
  return {};
}

void RequesterCore::dispatch_scatter(Time now) {
  for (auto& [peer, replier] : repliers_) {
    while (!replier.queue.empty() && replier.paused_until <= now) {
      Breakers::State state = replier.breaker->state(now);
      if (state == Breakers::State::open || state == Breakers::State::probing) {
        gathers_.at(replier.queue.front()).parts.at(replier.node).state = Part::State::skipped;
        replier.queue.pop_front();
        continue;
      }
      std::size_t outstanding = replier.outstanding();
      bool probe = state == Breakers::State::half_open;
      if (!probe && outstanding >= replier.pace.limit(outstanding, now)) break;
      send_part(replier, Id(replier.queue.front()), probe, now);
    }
  }
  for (auto next = gathers_.begin(); next != gathers_.end();) conclude_if_over(next++);
}

void RequesterCore::send_part(Replier& replier, const Id& id, bool probe, Time now) {
  Gather& gather = gathers_.at(id);
  Part& part = gather.parts.at(replier.node);
  replier.pace.on_sent(replier.outstanding(), now);
  replier.asked.splice(replier.asked.end(), replier.queue, part.place);
  part.state = Part::State::asked;
  part.sent = now;
  part.probe = probe;
  if (probe) replier.breaker->probe_sent();
  if (++part.attempts > 1) ++retried_;
  form(replier, gather.ask, part.attempts, now);
}

/// Ends a request that has what it wanted, or that nobody is left to answer.
void RequesterCore::conclude_if_over(GatherPlace place) {
  Gather& gather = place->second;
  if (options_.wanted > 0 && gather.good >= options_.wanted) {
    return end(place, Ended::Kind::answered, "");
  }
  if (!all_dialled_ || gather.parts.empty()) return;
  bool skipped = true;
  for (const auto& [node, part] : gather.parts) {
    if (part.state == Part::State::waiting || part.state == Part::State::asked) return;
    skipped = skipped && part.state == Part::State::skipped;
  }
  if (skipped) return end(place, Ended::Kind::breakers, "");
  if (options_.wanted > 0) {
    return end(place, Ended::Kind::unreachable,
               "only " + std::to_string(gather.good) + " of " + std::to_string(options_.wanted) +
                   " repliers answered");
  }
  bool any = !gather.replies.empty();
  end(place, any ? Ended::Kind::answered : Ended::Kind::unreachable, gather.reason);
}

void RequesterCore::expire(GatherPlace place, Time now) {
  Gather& gather = place->second;
  bool nobody = gather.parts.empty() && nobody_since(gather.offered);
  for (auto& [peer, replier] : repliers_) {
    auto part = gather.parts.find(replier.node);
    if (part == gather.parts.end() || part->second.state != Part::State::asked) continue;
    replier.breaker->failed(part->second.probe, breakers_.rule(), now);
    part->second.probe = false;
  }
  end(place, nobody ? Ended::Kind::nobody : Ended::Kind::timed_out, gather.reason);
}

void RequesterCore::end(GatherPlace place, Ended::Kind kind, std::string reason) {
  Gather& gather = place->second;
  Ended ended{.id = place->first,
              .kind = kind,
              .replies = std::move(gather.replies),
              .reason = std::move(reason)};
  for (const auto& [node, part] : gather.parts) {
    ended.attempts = std::max(ended.attempts, part.attempts);
  }
  ended_.push_back(std::move(ended));
  ++ended_count_;
  drop(place);
}

/// Cancels a request wherever it has not been answered.
void RequesterCore::drop(GatherPlace place) {
  Gather& gather = place->second;
  for (auto& [peer, replier] : repliers_) {
    auto found = gather.parts.find(replier.node);
    if (found == gather.parts.end()) continue;
    Part& part = found->second;
    if (part.state == Part::State::waiting) replier.queue.erase(part.place);
    if (part.state != Part::State::asked) continue;
    if (part.probe) replier.breaker->probe_lost();
    replier.asked.erase(part.place);
    cancel_at(replier, place->first);
  }
  deadlines_.remove(gather.ends);
  gathers_.erase(place);
}

}  // namespace shoal::reqrep
