#include <algorithm>

#include <shoal/base/little_endian.hpp>
#include <shoal/chat/courier.hpp>

namespace shoal::chat {
namespace {

using namespace std::chrono_literals;
using wire::chat::Outcome;

constexpr Duration repeat_every = 1s;  // CHAT-10
constexpr Duration give_up_after = 10s;

/// Longer than any copy of a message can be on its way.
constexpr Duration remember_for = 2min;

constexpr std::size_t most_waiting = 1000;
constexpr std::size_t most_answers = 100'000;

}  // namespace

std::string describe(Ending ending, std::string_view to) {
  std::string name(to);
  switch (ending) {
    case Ending::delivered:
      return "delivered to " + name;
    case Ending::nobody:
      return "nobody called " + name + " is here";
    case Ending::twice:
      return name + " is here more than once; it was not sent";
    case Ending::unreachable:
      return name + " cannot be reached now; it was not delivered";
    case Ending::no_answer:
      return "no answer from " + name + "; it may not have been delivered";
    case Ending::busy:
      return "too many messages wait for an answer; this one was not sent";
  }
  return {};
}

Id Courier::send(std::string nick, std::string to, std::string text, std::uint64_t clock,
                 Time now) {
  std::string name(self_.bytes());
  put_number(name, ++count_);
  Direct direct{.id = Id::of_name(name),
                .origin = self_,
                .nick = std::move(nick),
                .to = std::move(to),
                .clock = clock,
                .text = std::move(text)};
  const Id id = direct.id;
  const std::vector<Id> nodes = roster_.find(direct.to);
  auto refuse = [&](Ending ending) {
    ended_.push_back({id, std::move(direct.nick), std::move(direct.to), ending});
    return id;
  };
  if (nodes.empty()) return refuse(Ending::nobody);
  if (nodes.size() > 1) return refuse(Ending::twice);
  if (nodes.front() == self_) {
    arrived_.push_back({direct});
    return refuse(Ending::delivered);
  }
  if (waiting_.size() >= most_waiting) return refuse(Ending::busy);
  direct.target = nodes.front();
  Waiting& waiting = waiting_[id];
  waiting = {.direct = std::move(direct), .until = now + give_up_after};
  try_to_send(waiting, now);
  return id;
}

void Courier::try_to_send(Waiting& waiting, Time now) {
  waiting.repeat = now + repeat_every;
  std::optional<PeerId> hop = roster_.next_hop(waiting.direct.target);
  if (!hop) return;
  ++waiting.sent;
  outbox_.post(*hop, waiting.direct);
}

void Courier::on_direct(PeerId from, Direct direct, Time now) {
  if (direct.target == self_) {
    answer(from, direct, deliver(direct, now));
    return;
  }
  std::optional<PeerId> hop = roster_.next_hop(direct.target);
  if (direct.hops <= 1 || !hop || *hop == from) {
    answer(from, direct, Outcome::no_way);
    return;
  }
  --direct.hops;
  outbox_.post(*hop, std::move(direct));
}

/// An answer once given stays: what was refused is not delivered later, what was delivered is not
/// refused.
Outcome Courier::deliver(const Direct& direct, Time now) {
  auto known = answers_.find(direct.id);
  if (known != answers_.end()) return known->second;
  std::vector<Id> nodes = roster_.find(direct.to);
  bool present = std::ranges::find(nodes, self_) != nodes.end();
  Outcome outcome = present ? Outcome::delivered : Outcome::no_such_nick;
  answers_.emplace(direct.id, outcome);
  answered_.push_back({direct.id, now});
  forget_old(now);
  if (present) arrived_.push_back({direct});
  return outcome;
}

void Courier::forget_old(Time now) {
  while (!answered_.empty() &&
         (now - answered_.front().at > remember_for || answered_.size() > most_answers)) {
    answers_.erase(answered_.front().id);
    answered_.pop_front();
  }
}

void Courier::answer(PeerId from, const Direct& direct, Outcome outcome) {
  Receipt receipt{.id = direct.id, .origin = direct.origin, .outcome = outcome};
  outbox_.post(roster_.next_hop(direct.origin).value_or(from), receipt);
}

void Courier::on_receipt(PeerId from, Receipt receipt) {
  if (receipt.origin != self_) {
    std::optional<PeerId> hop = roster_.next_hop(receipt.origin);
    if (receipt.hops <= 1 || !hop || *hop == from) return;
    --receipt.hops;
    outbox_.post(*hop, receipt);
    return;
  }
  auto waiting = waiting_.find(receipt.id);
  if (waiting == waiting_.end()) return;
  if (receipt.outcome == Outcome::delivered) end(waiting, Ending::delivered);
  if (receipt.outcome == Outcome::no_such_nick) end(waiting, Ending::nobody);
  if (receipt.outcome == Outcome::no_way) ++waiting->second.no_way;
}

void Courier::end(std::map<Id, Waiting>::iterator waiting, Ending ending) {
  Direct& direct = waiting->second.direct;
  ended_.push_back({direct.id, std::move(direct.nick), std::move(direct.to), ending});
  waiting_.erase(waiting);
}

void Courier::tick(Time now) {
  for (auto next = waiting_.begin(); next != waiting_.end();) {
    auto waiting = next++;
    const Waiting& state = waiting->second;
    if (now >= state.until) {
      // Each copy answered by "no way" has gone nowhere.
      end(waiting, state.no_way == state.sent ? Ending::unreachable : Ending::no_answer);
    } else if (now >= state.repeat) {
      try_to_send(waiting->second, now);
    }
  }
}

Time Courier::next_tick() const {
  Time next = never;
  for (const auto& [id, waiting] : waiting_) {
    next = std::min({next, waiting.until, waiting.repeat});
  }
  return next;
}

}  // namespace shoal::chat
