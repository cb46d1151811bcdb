// Which replier a requester sends a request to, and how requests travel together.

#include <algorithm>

#include <shoal/reqrep/failure.hpp>
#include <shoal/reqrep/requester_core.hpp>

namespace shoal::reqrep {

using namespace wire::reqrep;

namespace {

// Of the requests that wait for a replier that has not failed them, so many are looked at in a
// round: they do not stand in the way of a round that is to cost the same however many are open.
constexpr int most_passed_over = 64;

}  // namespace

void RequesterCore::dispatch(Time now) {
  now_ = now;
  expire(now);
  if (!gathers_.empty()) dispatch_scatter(now);
  if (repliers_.empty() || (fresh_.empty() && again_.empty())) return;
  if (all_breakers_open(now)) {
    for (OpenList* list : {&again_, &fresh_}) {
      while (!list->empty()) end(list->begin(), {.kind = Ended::Kind::breakers});
    }
    return;
  }
  find_candidates(now);
  place_again(now);
  place_fresh(now);
}

bool RequesterCore::all_breakers_open(Time now) const {
  return std::ranges::all_of(repliers_, [now](const auto& entry) {
    Breakers::State state = entry.second.breaker->state(now);
    return state == Breakers::State::open || state == Breakers::State::probing;
  });
}

void RequesterCore::find_candidates(Time now) {
  candidates_.clear();
  for (auto& [peer, replier] : repliers_) {
    Breakers::State state = replier.breaker->state(now);
    if (state == Breakers::State::open || state == Breakers::State::probing) continue;
    std::size_t outstanding = replier.outstanding();
    std::size_t limit = replier.pace.limit(outstanding, now);
    Candidate candidate{.replier = &replier,
                        .interval = replier.pace.interval(outstanding, now),
                        .room = limit - std::min(limit, outstanding),
                        .probe = state == Breakers::State::half_open,
                        .paused = replier.paused_until > now};
    if (candidate.probe) candidate.room = 1;
    if (candidate.paused) candidate.room = 0;
    candidates_.push_back(candidate);
  }
}

/// Requests that failed once go first, to a replier that has not failed them where there is one.
void RequesterCore::place_again(Time now) {
  int passed_over = 0;
  for (auto next = again_.begin(); next != again_.end() && passed_over < most_passed_over;) {
    OpenPlace open = next++;
    if (nobody_left(*open)) {
      end_hopeless(open);
      continue;
    }
    bool worth_waiting = false;
    Candidate* to = best_untried(*open, worth_waiting);
    if (to == nullptr && !worth_waiting) to = best(*open);
    if (to == nullptr) {
      // Those that nobody here takes wait for somebody else, and for no room.
      if (open->ask.body.size() <= most_taken()) ++passed_over;
    } else {
      send(open, *to, now);
    }
  }
}

void RequesterCore::place_fresh(Time now) {
  while (!fresh_.empty()) {
    OpenPlace open = fresh_.begin();
    if (Candidate* to = best(*open)) {
      send(open, *to, now);
    } else if (nobody_left(*open)) {
      end_hopeless(open);
    } else if (std::ranges::all_of(repliers_, [&](const auto& entry) {
                 return open->ask.body.size() <= entry.second.takes;
               })) {
      return;  // there is no room, for the rest neither
    } else {
      move(open, again_);
    }
  }
}

namespace {

/// A probe first, so that a replier that is well again is found out; then the least expected wait,
/// and of equal ones, such as those not measured yet, the one that has the least to do.
template <typename Candidate>
bool comes_before(const Candidate& a, const Candidate& b) {
  if (a.probe != b.probe) return a.probe;
  std::size_t a_has = a.replier->outstanding();
  std::size_t b_has = b.replier->outstanding();
  double a_wait = static_cast<double>(a_has + 1) * a.interval;
  double b_wait = static_cast<double>(b_has + 1) * b.interval;
  return a_wait != b_wait ? a_wait < b_wait : a_has < b_has;
}

}  // namespace

/// Whether the replier takes so much, and has not said that it is not to be asked again.
bool RequesterCore::may_have(const Open& open, const Replier& replier) {
  return open.ask.body.size() <= replier.takes &&
         std::ranges::find(open.shut, replier.node) == open.shut.end();
}

/// Whether nobody is there who may have the request, and nobody is to come.
bool RequesterCore::nobody_left(const Open& open) const {
  return (all_dialled_ || !open.shut.empty()) &&
         std::ranges::none_of(repliers_,
                              [&](const auto& entry) { return may_have(open, entry.second); });
}

void RequesterCore::end_hopeless(OpenPlace open) {
  std::uint64_t size = open->ask.body.size();
  std::uint64_t takes = most_taken();
  if (size <= takes) return end(open, {.kind = Ended::Kind::circle});
  Reply unfit = too_large("request", size, "replier", takes);
  unfit.id = open->ask.id;
  end(open, {.kind = Ended::Kind::answered, .replies = {{Id(), std::move(unfit)}}});
}

/// How large a request may be for one of the repliers that are there.
std::uint64_t RequesterCore::most_taken() const {
  std::uint64_t most = 0;
  for (const auto& [peer, replier] : repliers_) most = std::max(most, replier.takes);
  return most;
}

RequesterCore::Candidate* RequesterCore::best(const Open& open) {
  Candidate* found = nullptr;
  for (Candidate& candidate : candidates_) {
    if (candidate.room == 0 || !may_have(open, *candidate.replier)) continue;
    if (found == nullptr || comes_before(candidate, *found)) found = &candidate;
  }
  return found;
}

/// Of the repliers that have not failed the request; `worth_waiting` when one of them has no room
/// now but will have.
RequesterCore::Candidate* RequesterCore::best_untried(const Open& open, bool& worth_waiting) {
  Candidate* found = nullptr;
  for (Candidate& candidate : candidates_) {
    bool tried = std::ranges::find(open.tried, candidate.replier->node) != open.tried.end();
    if (tried || candidate.paused || !may_have(open, *candidate.replier)) continue;
    worth_waiting = true;
    if (candidate.room == 0) continue;
    if (found == nullptr || comes_before(candidate, *found)) found = &candidate;
  }
  return found;
}

void RequesterCore::send(OpenPlace open, Candidate& to, Time now) {
  Replier& replier = *to.replier;
  replier.pace.on_sent(replier.outstanding(), now);
  --to.room;
  if (++open->attempts > 1) ++retried_;
  open->with = &replier;
  open->sent = now;
  open->probe = to.probe;
  if (to.probe) replier.breaker->probe_sent();
  move(open, replier.sent);
  form(replier, open->ask, open->attempts, now);
}

/// Adds a request to the message that is being formed for a replier.
void RequesterCore::form(Replier& replier, const Ask& ask, std::uint32_t attempt, Time now) {
  Requests& forming = replier.forming;
  bool fits = forming.requests.size() < good_batch &&
              replier.forming_bytes + ask.body.size() <= batch_bytes &&
              forming.attempt == attempt && forming.hops == ask.hops &&
              forming.return_to == return_to(ask) && forming.headers == ask.headers &&
              forming.path == ask.path;
  // What was cancelled before this one was asked must not be taken for it.
  if (!fits || !replier.cancels.empty()) post_formed(replier);
  if (forming.requests.empty()) {
    forming.attempt = attempt;
    forming.hops = ask.hops;
    forming.notify = options_.notify;
    forming.return_to = return_to(ask);
    forming.headers = ask.headers;
    forming.path = ask.path;
  }
  replier.forming_bytes += ask.body.size();
  forming.requests.push_back(
      {.id = ask.id,
       .remaining = ask.deadline == never ? Duration::max() : ask.deadline - now,
       .body = ask.body});
}

void RequesterCore::post_formed(Replier& replier) {
  if (!replier.forming.requests.empty()) {
    outbox_.post(replier.peer, std::exchange(replier.forming, {}));
    replier.forming_bytes = 0;
  }
  std::vector<Id>& cancels = replier.cancels;
  if (!cancels.empty()) outbox_.post(replier.peer, Cancel{std::exchange(cancels, {})});
}

void RequesterCore::cancel_at(Replier& replier, const Id& id) {
  if (replier.cancels.size() >= most_in_batch) post_formed(replier);
  replier.cancels.push_back(id);
}

}  // namespace shoal::reqrep
