#include "reqrep_nodes.hpp"

#include <algorithm>

namespace shoal::sim {

using namespace reqrep;
using namespace wire::reqrep;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view lie_text = "a lie";

std::string passed_on(const std::string& body) {
  return "F(" + body + ")";
}

}  // namespace

std::string answer_to(const std::string& body) {
  return "answer to " + body;
}

std::uint32_t status_of(const std::string& body) {
  return body.ends_with('7') ? 7 : 0;
}

AskingSide::AskingSide(ReqShared& shared, Endpoint& self, std::size_t known)
    : shared_(shared), self_(self), known_(known) {
  const ReqPlan& plan = shared.plan;
  core = std::make_unique<RequesterCore>(RequesterCoreOptions{.retries = plan.retries,
                                                              .breaker = plan.breaker,
                                                              .notify = plan.notify,
                                                              .scatter = plan.scatter,
                                                              .wanted = plan.wanted});
}

void AskingSide::on_up(net::PeerId session, ReplierActor& other) {
  nodes_[session] = {other.node(), &other};
  core->set_all_dialled(nodes_.size() == known_);
  core->on_up(session, other.node(), shared_.plan.slots, shared_.schedule.now());
}

void AskingSide::on_message(net::PeerId session, const wire::Message& message) {
  if (auto any = decode(message)) {
    return core->on_message(session, std::move(*any), shared_.schedule.now());
  }
  if (nodes_.at(session).second->nature != Nature::liar)
    shared_.broken("an honest replier sent a malformed message");
  shared_.network.drop(session);
}

void AskingSide::on_down(net::PeerId session) {
  nodes_.erase(session);
  core->set_all_dialled(nodes_.size() == known_);
  core->on_down(session, "cut", shared_.schedule.now());
}

void AskingSide::post() {
  Outbox outbox = core->take_outbox();
  for (const auto& fault : outbox.faults) {
    auto node = nodes_.find(fault.peer);
    if (node != nodes_.end() && node->second.second->nature != Nature::liar)
      shared_.broken("an honest replier was blamed: " + fault.reason);
    shared_.network.drop(fault.peer);
  }
  for (const auto& envelope : outbox.envelopes) {
    auto node = nodes_.find(envelope.to);
    const auto* requests = std::get_if<Requests>(&envelope.message);
    if (node != nodes_.end() && requests != nullptr) {
      for (const Request& request : requests->requests) {
        shared_.asked[request.id].sent_to.insert(node->second.first);
        node->second.second->sent_to.push_back(shared_.schedule.now());
      }
    }
    shared_.network.send(self_, envelope.to, encode(envelope.message));
  }
}

void RequesterActor::start() {
  if (alive_) return;
  alive_ = true;
  const ReqPlan& plan = shared_.plan;
  int known = plan.fronts > 0 ? plan.fronts : plan.repliers;
  asking_ = std::make_unique<AskingSide>(shared_, *this, static_cast<std::size_t>(known));
  direct_peers_.clear();
}

void RequesterActor::on_crash() {
  for (auto& [id, asked] : shared_.asked) {
    if (asked.asker == this && asked.ended == 0) asked.given_up = true;
  }
  shared_.strays += asking_->core->stray();
}

void RequesterActor::ask(Duration limit, bool must_succeed) {
  if (!alive_) return;
  Time now = shared_.schedule.now();
  std::string body = name + ":" + std::to_string(asked_++);
  Ask ask{.id = Id::of_name(body), .body = Bytes::copy(body), .deadline = now + limit};
  if (shared_.plan.direct) ask.return_to = name;
  if (shared_.random.chance(0.1)) ask.headers["key"] = "value";
  shared_.asked[ask.id] = {
      .asker = this, .deadline = ask.deadline, .body = body, .must_succeed = must_succeed};
  shared_.ids.push_back(ask.id);
  if (!must_succeed && shared_.random.chance(shared_.plan.cancels)) {
    later(shared_.random.between(Duration(0), limit), [this, id = ask.id] {
      Asked& asked = shared_.asked[id];
      if (asked.ended == 0) asked.given_up = true;
      asking_->core->cancel(id, shared_.schedule.now());
      step();
    });
  }
  std::vector<Ask> asks;
  asks.push_back(std::move(ask));
  asking_->core->offer(std::move(asks), now);
  step();
}

void RequesterActor::step() {
  for (const Ended& ended : asking_->core->take_ended()) take(ended);
  asking_->post();
  Outbox direct = asking_->core->take_direct_outbox();
  if (!direct.faults.empty()) shared_.broken("blamed at the return address");
  for (const auto& envelope : direct.envelopes) {
    ReplierActor* to = direct_peers_.at(envelope.to);
    for (const Id& id : std::get<Got>(envelope.message).ids) {
      if (shared_.faults_on && shared_.random.chance(0.05)) continue;
      shared_.schedule.in(1ms, [to, id] { to->on_got(id); });
    }
  }
  wake(asking_->core->next_tick(), [this] {
    asking_->core->tick(shared_.schedule.now());
    if (asking_->core->next_tick() <= shared_.schedule.now())
      shared_.broken("a requester wants to be woken at once again");
    step();
  });
}

void RequesterActor::take(const Ended& ended) {
  Asked& asked = shared_.asked[ended.id];
  Time now = shared_.schedule.now();
  if (++asked.ended > 1) return shared_.broken(asked.body + " ended twice");
  if (asked.given_up) return shared_.broken(asked.body + " ended after it was given up");
  if (now > asked.deadline + 200ms) return shared_.broken(asked.body + " ended after its deadline");
  bool answered = ended.kind == Ended::Kind::answered;
  if (answered) ++shared_.answered;
  if (asked.must_succeed && !answered) {
    shared_.broken(asked.body + " was not answered in a network that is well, kind " +
                   std::to_string(static_cast<int>(ended.kind)) + ": " + ended.reason);
  }
  if (ended.kind == Ended::Kind::timed_out && now < asked.deadline)
    return shared_.broken(asked.body + " timed out before its deadline");
  if (answered && ended.replies.empty()) return shared_.broken(asked.body + " has no answer");
  check_answers(ended, asked);
}

void RequesterActor::check_answers(const Ended& ended, const Asked& asked) {
  const ReqPlan& plan = shared_.plan;
  bool on = plan.fronts > 0 && status_of(asked.body) == 0;
  std::string right = answer_to(on ? passed_on(asked.body) : asked.body);
  std::set<Id> from;
  for (const Ended::Answer& answer : ended.replies) {
    if (!from.insert(answer.replier).second)
      return shared_.broken(asked.body + " has two replies of one replier");
    const Reply& reply = answer.reply;
    if (plan.scatter && reply.kind == ReplyKind::failed) continue;
    // What a liar was asked it may answer as it likes.
    bool lie = reply.output.view() == lie_text;
    if (lie && asked.sent_to.contains(answer.replier)) continue;
    if (plan.notify) {
      if (reply.kind != ReplyKind::accepted) shared_.broken(asked.body + " was not accepted");
      continue;
    }
    if (reply.output.view() != right || reply.status != status_of(asked.body))
      return shared_.broken(asked.body + " was answered '" + std::string(reply.output.view()) +
                            "'");
  }
}

bool RequesterActor::on_direct(ReplierActor& from, const Reply& reply) {
  if (!alive_) return false;
  net::PeerId peer = next_direct_++;
  direct_peers_[peer] = &from;
  asking_->core->on_direct(peer, Replies{{reply}}, shared_.schedule.now());
  step();
  return true;
}

void RequesterActor::on_up(net::PeerId session, Endpoint& other) {
  asking_->on_up(session, dynamic_cast<ReplierActor&>(other));
  step();
}

void RequesterActor::on_message(net::PeerId session, wire::Message message) {
  asking_->on_message(session, message);
  step();
}

void RequesterActor::on_down(net::PeerId session, bool) {
  asking_->on_down(session);
  step();
}

void ReplierActor::start() {
  if (alive_) return;
  alive_ = true;
  const ReqPlan& plan = shared_.plan;
  node_ = Id::of_name(name_ + " " + std::to_string(++starts_));
  core_ = std::make_unique<ReplierCore>(
      ReplierCoreOptions{.node = node_,
                         .slots = plan.slots,
                         .cache = plan.cache ? Duration(60s) : Duration(0),
                         .queue = plan.queue});
  if (front_) {
    auto known = static_cast<std::size_t>(plan.repliers);
    next_ = std::make_unique<AskingSide>(shared_, *this, known);
  }
  running_.clear();
  passed_on_.clear();
  done_.clear();
}

void ReplierActor::forget() {
  core_.reset();
  next_.reset();
}

void ReplierActor::step() {
  Time now = shared_.schedule.now();
  for (RunId stopped : core_->take_stops()) {
    running_.erase(stopped);
    auto forwarded = std::ranges::find_if(
        passed_on_, [stopped](const auto& entry) { return entry.second == stopped; });
    if (forwarded == passed_on_.end()) continue;
    next_->core->cancel(forwarded->first, now);
    passed_on_.erase(forwarded);
  }
  if (next_) {
    for (const Ended& ended : next_->core->take_ended()) take(ended);
    next_->post();
  }
  for (const StartRun& start : core_->take_starts()) run(start);
  for (const DirectReply& direct : core_->take_direct()) bring(direct);
  Outbox outbox = core_->take_outbox();
  if (!outbox.faults.empty()) shared_.broken("an asker was blamed: " + outbox.faults[0].reason);
  for (const auto& envelope : outbox.envelopes)
    shared_.network.send(*this, envelope.to, encode(envelope.message));
  Time next = core_->next_tick();
  if (next_) next = std::min(next, next_->core->next_tick());
  wake(next, [this] {
    core_->tick(shared_.schedule.now());
    if (next_) next_->core->tick(shared_.schedule.now());
    step();
  });
}

void ReplierActor::run(const StartRun& start) {
  if (start.deadline <= shared_.schedule.now()) shared_.broken("what is too late was begun");
  if (running_.size() >= shared_.plan.slots) shared_.broken("more runs than slots");
  running_.insert(start.run);
  later(shared_.random.between(Duration(10us), shared_.plan.work_most), [this, start] {
    if (running_.erase(start.run) == 0) return;
    finish(start);
    step();
  });
}

void ReplierActor::finish(const StartRun& start) {
  Time now = shared_.schedule.now();
  std::string body(start.body.view());
  bool fails =
      nature == Nature::sick || (shared_.faults_on && shared_.random.chance(shared_.plan.sick));
  if (fails) {
    return core_->on_finished(start.run, {.kind = ReplyKind::failed, .error = Bytes::copy("sick")},
                              now);
  }
  if (front_ && status_of(body) == 0) return pass_on(start);
  if (!done_.insert(start.id).second && shared_.plan.cache) shared_.broken(body + " was run twice");
  core_->on_finished(start.run, {.status = status_of(body), .output = Bytes::copy(answer_to(body))},
                     now);
}

void ReplierActor::pass_on(const StartRun& start) {
  Time now = shared_.schedule.now();
  core_->on_passed_on(start.run, now);
  passed_on_[start.id] = start.run;
  std::vector<Ask> asks;
  asks.push_back({.id = start.id,
                  .body = Bytes::copy(passed_on(std::string(start.body.view()))),
                  .deadline = start.deadline,
                  .headers = start.headers,
                  .hops = start.hops + 1,
                  .return_to = start.return_to});
  next_->core->offer(std::move(asks), now);
}

/// How what was passed on has ended.
void ReplierActor::take(const Ended& ended) {
  auto passed = passed_on_.find(ended.id);
  if (passed == passed_on_.end()) return;  // stopped by its deadline at the same moment
  Reply reply{.kind = ReplyKind::failed, .error = Bytes::copy("passed on: " + ended.reason)};
  if (ended.kind == Ended::Kind::answered) {
    reply = ended.replies.front().reply;
    if (reply.kind != ReplyKind::delivered) reply.from = ended.replies.front().replier;
  }
  if (ended.kind == Ended::Kind::timed_out) reply.kind = ReplyKind::late;
  core_->on_finished(passed->second, std::move(reply), shared_.schedule.now());
  passed_on_.erase(passed);
}

void ReplierActor::bring(const DirectReply& direct) {
  bool lost = shared_.faults_on && shared_.random.chance(0.1);
  later(shared_.random.between(Duration(1ms), Duration(20ms)), [this, direct, lost] {
    auto to = std::ranges::find_if(shared_.requesters, [&](const RequesterActor* requester) {
      return requester->name == direct.return_to;
    });
    if (!lost && (*to)->on_direct(*this, direct.reply)) return;
    core_->on_undeliverable(direct.reply.id, shared_.schedule.now());
    step();
  });
}

void ReplierActor::on_got(const Id& id) {
  if (!alive_) return;
  core_->on_got(id, shared_.schedule.now());
  step();
}

/// What no replier may say, and what it was not asked.
void ReplierActor::lie(net::PeerId session) {
  Reply reply{.id = shared_.ids[shared_.random.between(0, shared_.ids.size() - 1)],
              .output = Bytes::copy(lie_text)};
  Any message = Replies{{reply}};
  switch (shared_.random.between(0, 9)) {
    case 0:
      message = Cancel{{reply.id}};
      break;
    case 1:
      message = Replies{{{.id = reply.id, .kind = ReplyKind::delivered}}};
      break;
    case 2:
      message = Replies{{{.id = reply.id, .kind = ReplyKind::accepted}}};
      break;
    case 3:
      message = Replies{{{.id = Id::of_name("nobody"), .output = reply.output}}};
      break;
    case 4:
      message = Replies{{reply, reply}};
      break;
    default:
      break;
  }
  wire::Message raw = encode(message);
  if (shared_.random.chance(0.05)) raw.head = raw.head.slice(0, raw.head.size() / 2);
  shared_.network.send(*this, session, raw);
}

void ReplierActor::on_up(net::PeerId session, Endpoint& other) {
  auto* back = dynamic_cast<ReplierActor*>(&other);
  if (front_ && back != nullptr && !back->front()) {
    next_->on_up(session, *back);
  } else {
    core_->on_up(session, shared_.schedule.now());
  }
  step();
}

void ReplierActor::on_message(net::PeerId session, wire::Message message) {
  if (next_ && next_->has(session)) {
    next_->on_message(session, message);
    return step();
  }
  auto any = decode(message);
  if (!any) return shared_.broken("a requester sent a malformed message");
  core_->on_message(session, std::move(*any), shared_.schedule.now());
  if (nature == Nature::liar && shared_.faults_on) lie(session);
  step();
}

void ReplierActor::on_down(net::PeerId session, bool) {
  if (next_ && next_->has(session)) {
    next_->on_down(session);
  } else {
    core_->on_down(session, shared_.schedule.now());
  }
  step();
}

}  // namespace shoal::sim
