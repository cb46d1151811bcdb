#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <shoal/base/clock.hpp>
#include <shoal/base/id.hpp>
#include <shoal/chat/roster.hpp>
#include <shoal/net/core_outbox.hpp>
#include <shoal/wire/chat_messages.hpp>

namespace shoal::chat {

using wire::chat::Direct;
using wire::chat::Receipt;
using Outbox = net::CoreOutbox<wire::chat::Any>;

/// How a direct message ended, for its sender.
enum class Ending : std::uint8_t {
  delivered,
  nobody,       ///< nobody has that nick; it was not delivered
  twice,        ///< several peers have that nick; it was not sent
  unreachable,  ///< there was no way to the peer; it was not delivered
  no_answer,    ///< it may or may not have been delivered
  busy,         ///< too many wait for an answer already; it was not sent
};

/// A sentence for people, such as "bert cannot be reached now".
std::string describe(Ending ending, std::string_view to);

struct DirectArrived {
  Direct message;
};

struct DirectEnded {
  Id id;
  std::string nick;  ///< who sent it
  std::string to;
  Ending ending = Ending::delivered;
};

/// Direct messages (CHAT-10): sends our users' ones and repeats them until an answer comes,
/// delivers those for our users, passes on the others. No I/O and no clock.
class Courier {
 public:
  /// `roster` outlives the courier.
  Courier(Id self, const Roster& roster) : self_(self), roster_(roster) {}

  /// A message from a user of ours; returns its id. It ends exactly once, by a DirectEnded.
  Id send(std::string nick, std::string to, std::string text, std::uint64_t clock, Time now);

  void on_direct(PeerId from, Direct direct, Time now);
  void on_receipt(PeerId from, Receipt receipt);

  /// To be called at next_tick() at the latest.
  void tick(Time now);
  Time next_tick() const;

  Outbox take_outbox() { return outbox_.take(); }
  std::vector<DirectArrived> take_arrived() { return std::exchange(arrived_, {}); }
  std::vector<DirectEnded> take_ended() { return std::exchange(ended_, {}); }

 private:
  struct Waiting {
    Direct direct;
    Time until{};
    Time repeat{};
    std::uint64_t sent = 0;
    std::uint64_t no_way = 0;  // receipts that said so
  };
  struct Answered {
    Id id;
    Time at{};
  };

  void try_to_send(Waiting& waiting, Time now);
  void end(std::map<Id, Waiting>::iterator waiting, Ending ending);
  wire::chat::Outcome deliver(const Direct& direct, Time now);
  void answer(PeerId from, const Direct& direct, wire::chat::Outcome outcome);
  void forget_old(Time now);

  Id self_;
  const Roster& roster_;
  std::uint64_t count_ = 0;
  std::map<Id, Waiting> waiting_;
  std::unordered_map<Id, wire::chat::Outcome> answers_;  // to what was addressed to us
  std::deque<Answered> answered_;                        // the same, by age
  std::vector<DirectArrived> arrived_;
  std::vector<DirectEnded> ended_;
  Outbox outbox_;
};

}  // namespace shoal::chat
