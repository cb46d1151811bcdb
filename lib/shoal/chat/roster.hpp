#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <shoal/base/clock.hpp>
#include <shoal/base/id.hpp>
#include <shoal/chat/presence.hpp>
#include <shoal/net/port.hpp>
#include <shoal/wire/chat_messages.hpp>

namespace shoal::chat {

using net::PeerId;
using wire::chat::About;

/// An endpoint of another peer to begin or to stop dialling (CHAT-8). Dialling goes on while a
/// session is up.
struct Dial {
  std::string endpoint;
  bool begin = true;
};

/// A peer as people see it.
struct Peer {
  Id node;
  std::string nick;
  std::vector<std::string> endpoints;
  bool linked = false;
  bool left = false;
  bool here = false;
  Duration age{};  ///< of its record
  std::size_t users = 0;
};

/// All that is known of the peers: their records, who is present at them, whom to dial, and the way
/// to each (CHAT-7 to CHAT-10). No I/O and no clock.
class Roster {
 public:
  /// `endpoints`: where we listen ourselves; never dialled.
  Roster(Id self, std::vector<std::string> endpoints);

  /// Our own record as it is now.
  void set_own(About about, Time now);

  /// One user of ours, without the rest; the version stays.
  void put_own(const std::string& nick, const std::vector<std::string>& rooms, Time now);
  void remove_own(const std::string& nick, Time now);

  /// Takes what somebody says of a node. Nothing when it is no news, or too old; else the links
  /// that its record no longer names.
  std::optional<std::vector<Id>> learn(About about, Time now);

  void on_up(PeerId peer, const Id& node, Time now);
  void on_down(PeerId peer, const Id& node, bool left, Time now);

  /// The record of a node with its age, to pass it on; nothing when there is none.
  std::optional<About> record(const Id& node, Time now) const;
  std::vector<About> records(Time now) const;

  /// Whether the record of `node` names `other` among its links.
  bool links(const Id& node, const Id& other) const;

  /// The session over which a message for `node` goes on; nothing when there is no way.
  std::optional<PeerId> next_hop(const Id& node) const;

  /// The nodes where the nick is present and to which there is a way; where there is none to any,
  /// all of them. May name ourselves.
  std::vector<Id> find(const std::string& nick) const;

  /// The nodes we have sessions with.
  std::vector<Id> linked() const;

  std::vector<User> users() const { return presence_.users(); }
  std::vector<Peer> peers(Time now) const;

  /// To be called at next_tick() at the latest.
  void tick(Time now);
  Time next_tick() const { return std::min(next_look_, presence_.next_tick()); }

  std::vector<PresenceChange> take_changes() { return presence_.take_changes(); }
  std::vector<Dial> take_dials() { return std::exchange(dials_, {}); }

 private:
  struct Record {
    About about;
    Time made{};
    PeerId session = 0;
    State state = State::gone;  // of its users
    Time alone{};               // since when it has no session with us
  };
  using Records = std::map<Id, Record>;

  State state_of(const Record& record, Time now) const;
  void refresh(Record& record, Time now);
  void replace_users(Record& record, About& about, Time now);
  void consider_dialling(const Record& record, Time now);
  void stop_dials();
  Records::iterator forget(Records::iterator record, Time now);
  bool has_room(const About& about) const;

  Id self_;
  std::set<std::string> own_endpoints_;
  Records records_;
  std::size_t users_ = 0;          // in all records
  std::map<Id, PeerId> sessions_;  // also of nodes that have not told their record yet
  std::set<std::string> dialling_;
  std::vector<Dial> dials_;
  Presence presence_;
  Time next_look_ = never;
};

}  // namespace shoal::chat
