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

AskingSide::AskingSide(ReqShared& shared, Endpoint& self, std::size_t known, bool first)
    : shared_(shared), self_(self), known_(known) {
  const ReqPlan& plan = shared.plan;
  core = std::make_unique<RequesterCore>(RequesterCoreOptions{.retries = plan.retries,
                                                              .breaker = plan.breaker,
                                                              .notify = first && plan.notify,
                                                              .scatter = first && plan.scatter,
                                                              .wanted = plan.wanted});
}

void AskingSide::on_up(net::PeerId session, ReplierNode& other) {
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

void RequesterNode::start() {
  if (alive_) return;
  alive_ = true;
  const ReqPlan& plan = shared_.plan;
  int known = plan.fronts > 0 ? plan.fronts : plan.repliers;
  asking_ = std::make_unique<AskingSide>(shared_, *this, static_cast<std::size_t>(known), true);
  direct_peers_.clear();
}

void RequesterNode::on_crash() {
  for (auto& [id, asked] : shared_.asked) {
    if (asked.asker == this && asked.ended == 0) asked.given_up = true;
  }
  shared_.strays += asking_->core->stray();
}

void RequesterNode::ask(Duration limit, bool must_succeed) {
  if (!alive_) return;
  Time now = shared_.schedule.now();
  std::string body = name + ":" + std::to_string(asked_++);
  Ask ask{.id = Id::of_name(body), .body = Bytes::copy(body), .deadline = now + limit};
  if (shared_.plan.direct) ask.return_to = name;
  if (shared_.random.chance(0.1)) ask.headers["key"] = "value";
  shared_.asked[ask.id] = {
      .asker = this, .deadline = ask.deadline, .body = body, .must_succeed = must_succeed};
  bool goes_round = shared_.plan.circle && !shared_.plan.way_out && status_of(body) == 0;
  if (goes_round && (shared_.calm() || !shared_.faults_on) && shared_.all_met) {
    shared_.asked[ask.id].circle_by = now + 2s;
  }
  shared_.ids.push_back(ask.id);
  if (!must_succeed && shared_.random.chance(shared_.plan.cancels)) {
    later(shared_.random.between(Duration(0), limit), [this, id = ask.id] {
      Asked& asked = shared_.asked[id];
      if (asked.ended == 0) {
        asked.given_up = true;
        asked.cancelled_at = shared_.schedule.now();
      }
      asking_->core->cancel(id, shared_.schedule.now());
      step();
    });
  }
  std::vector<Ask> asks;
  asks.push_back(std::move(ask));
  asking_->core->offer(std::move(asks), now);
  step();
}

void RequesterNode::step() {
  for (const Ended& ended : asking_->core->take_ended()) take(ended);
  asking_->post();
  Outbox direct = asking_->core->take_direct_outbox();
  if (!direct.faults.empty()) shared_.broken("blamed at the return address");
  for (const auto& envelope : direct.envelopes) {
    ReplierNode* to = direct_peers_.at(envelope.to);
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

namespace {

bool went_round(const Ended& ended) {
  if (ended.kind == Ended::Kind::circle) return true;
  return std::ranges::any_of(ended.replies, [](const Ended::Answer& answer) {
    return answer.reply.kind == ReplyKind::circle;
  });
}

}  // namespace

void RequesterNode::take(const Ended& ended) {
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
  bool too_late_to_know = ended.kind == Ended::Kind::timed_out && now <= asked.circle_by;
  bool told = went_round(ended) && now <= asked.circle_by;
  if (asked.circle_by != never && !told && !too_late_to_know)
    return shared_.broken(asked.body + " goes round and was not told so in time, kind " +
                          std::to_string(static_cast<int>(ended.kind)) + ": " + ended.reason);
  if (answered && ended.replies.empty()) return shared_.broken(asked.body + " has no answer");
  check_answers(ended, asked);
}

void RequesterNode::check_answers(const Ended& ended, const Asked& asked) {
  const ReqPlan& plan = shared_.plan;
  bool on = plan.fronts > 0 && !plan.circle && status_of(asked.body) == 0;
  std::string right = answer_to(on ? passed_on(asked.body) : asked.body);
  std::set<Id> from;
  for (const Ended::Answer& answer : ended.replies) {
    // Several ways may lead to the same one.
    if (!from.insert(answer.replier).second && plan.fronts == 0)
      return shared_.broken(asked.body + " has two replies of one replier");
    const Reply& reply = answer.reply;
    if (plan.scatter && (reply.kind == ReplyKind::failed || reply.kind == ReplyKind::circle))
      continue;
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

bool RequesterNode::on_direct(ReplierNode& from, const Reply& reply) {
  if (!alive_) return false;
  net::PeerId peer = next_direct_++;
  direct_peers_[peer] = &from;
  asking_->core->on_direct(peer, Replies{{reply}}, shared_.schedule.now());
  step();
  return true;
}

void RequesterNode::on_up(net::PeerId session, Endpoint& other) {
  asking_->on_up(session, dynamic_cast<ReplierNode&>(other));
  step();
}

void RequesterNode::on_message(net::PeerId session, wire::Message message) {
  asking_->on_message(session, message);
  step();
}

void RequesterNode::on_down(net::PeerId session, bool) {
  asking_->on_down(session);
  step();
}

void ReplierNode::start() {
  if (alive_) return;
  alive_ = true;
  const ReqPlan& plan = shared_.plan;
  node_ = Id::of_name(name_ + " " + std::to_string(++starts_));
  core_ = std::make_unique<ReplierCore>(
      ReplierCoreOptions{.node = node_,
                         .slots = plan.slots,
                         .cache = plan.cache ? Duration(60s) : Duration(0),
                         .queue = plan.queue});
  if (front()) next_ = std::make_unique<AskingSide>(shared_, *this, next_count_, false);
  running_.clear();
  passed_on_.clear();
  done_.clear();
}

void ReplierNode::forget() {
  core_.reset();
  next_.reset();
}

void ReplierNode::step() {
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
  }
  for (const StartRun& start : core_->take_starts()) run(start);
  for (const DirectReply& direct : core_->take_direct()) bring(direct);
  for (Widened& widened : core_->take_widened()) {
    next_->core->widen(widened.id, std::move(widened.path));
  }
  if (next_) next_->post();
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

void ReplierNode::run(const StartRun& start) {
  if (start.deadline <= shared_.schedule.now()) shared_.broken("what is too late was begun");
  const ReqPlan& plan = shared_.plan;
  bool calm = plan.crashes == 0 && plan.cuts == 0 && !plan.lossy && !plan.liar && !plan.notify;
  Time told = shared_.asked[start.id].cancelled_at;
  if (told != never) told += (4 + 2 * plan.fronts) * plan.faults.delay_most + 10ms;
  if (calm && told < shared_.schedule.now()) shared_.broken("what was cancelled was begun");
  if (running_.size() >= plan.slots) shared_.broken("more runs than slots");
  running_.insert(start.run);
  later(shared_.random.between(Duration(10us), shared_.plan.work_most), [this, start] {
    if (running_.erase(start.run) == 0) return;
    finish(start);
    step();
  });
}

void ReplierNode::finish(const StartRun& start) {
  Time now = shared_.schedule.now();
  std::string body(start.body.view());
  bool fails =
      nature == Nature::sick || (shared_.faults_on && shared_.random.chance(shared_.plan.sick));
  if (fails) {
    return core_->on_finished(start.run, {.kind = ReplyKind::failed, .error = Bytes::copy("sick")},
                              now);
  }
  if (front() && status_of(body) == 0) return pass_on(start);
  if (!done_.insert(start.id).second && shared_.plan.cache) shared_.broken(body + " was run twice");
  core_->on_finished(start.run, {.status = status_of(body), .output = Bytes::copy(answer_to(body))},
                     now);
}

void ReplierNode::pass_on(const StartRun& start) {
  Time now = shared_.schedule.now();
  std::vector<Id> path = core_->on_passed_on(start.run, now);
  passed_on_[start.id] = start.run;
  std::vector<Ask> asks;
  std::string body(start.body.view());
  asks.push_back({.id = start.id,
                  .body = Bytes::take(shared_.plan.circle ? std::move(body) : passed_on(body)),
                  .deadline = start.deadline,
                  .headers = start.headers,
                  .hops = start.hops + 1,
                  .return_to = start.return_to,
                  .path = std::move(path)});
  next_->core->offer(std::move(asks), now);
}

/// How what was passed on has ended.
void ReplierNode::take(const Ended& ended) {
  auto passed = passed_on_.find(ended.id);
  if (passed == passed_on_.end()) return;  // stopped by its deadline at the same moment
  Reply reply{.kind = ReplyKind::failed, .error = Bytes::copy("passed on: " + ended.reason)};
  if (ended.kind == Ended::Kind::answered) {
    reply = ended.replies.front().reply;
    if (reply.kind != ReplyKind::delivered) reply.from = ended.replies.front().replier;
  }
  if (ended.kind == Ended::Kind::timed_out) reply.kind = ReplyKind::late;
  if (ended.kind == Ended::Kind::circle) reply.kind = ReplyKind::circle;
  core_->on_finished(passed->second, std::move(reply), shared_.schedule.now());
  passed_on_.erase(passed);
}

void ReplierNode::bring(const DirectReply& direct) {
  bool lost = shared_.faults_on && shared_.random.chance(0.1);
  later(shared_.random.between(Duration(1ms), Duration(20ms)), [this, direct, lost] {
    auto to = std::ranges::find_if(shared_.requesters, [&](const RequesterNode* requester) {
      return requester->name == direct.return_to;
    });
    if (!lost && (*to)->on_direct(*this, direct.reply)) return;
    core_->on_undeliverable(direct.reply.id, shared_.schedule.now());
    step();
  });
}

void ReplierNode::on_got(const Id& id) {
  if (!alive_) return;
  core_->on_got(id, shared_.schedule.now());
  step();
}

/// What no replier may say, and what it was not asked.
void ReplierNode::lie(net::PeerId session) {
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

void ReplierNode::on_up(net::PeerId session, Endpoint& other) {
  if (next_ && shared_.network.dialled(session, *this)) {
    next_->on_up(session, dynamic_cast<ReplierNode&>(other));
  } else {
    core_->on_up(session, shared_.schedule.now());
  }
  step();
}

void ReplierNode::on_message(net::PeerId session, wire::Message message) {
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

void ReplierNode::on_down(net::PeerId session, bool) {
  if (next_ && next_->has(session)) {
    next_->on_down(session);
  } else {
    core_->on_down(session, shared_.schedule.now());
  }
  step();
}

}  // namespace shoal::sim
