#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <shoal/base/clock.hpp>
#include <shoal/base/id.hpp>

namespace shoal::chat {

enum class State : std::uint8_t { gone, away, here };

/// "gone", "away" or "here".
std::string text_of(State state);

/// What has become of a user, worth telling people: its state, or its rooms while it is here.
struct PresenceChange {
  std::string nick;
  State state = State::here;
  std::vector<std::string> rooms;  ///< ascending
};

/// A user as people see it.
struct User {
  std::string nick;
  State state = State::here;
  Time since{};                    ///< when that was told
  std::vector<std::string> rooms;  ///< ascending; of the peers where it is at its best
  std::size_t nodes = 0;           ///< peers where the nick is present
};

/// Who is here, away or gone, folded so that a short absence is not told (CHAT-9).
class Presence {
 public:
  /// The nick is present at a node.
  void put(const std::string& nick, const Id& node, State state, std::vector<std::string> rooms,
           Time now);
  /// It no longer is.
  void remove(const std::string& nick, const Id& node, Time now);

  /// To be called at next_tick() at the latest.
  void tick(Time now);
  Time next_tick() const { return due_.empty() ? never : due_.begin()->first; }

  std::vector<PresenceChange> take_changes() { return std::exchange(changes_, {}); }

  /// The nodes where the nick is present, here or away.
  std::vector<Id> nodes_of(const std::string& nick) const;

  /// Everybody who is told as here or away.
  std::vector<User> users() const;

 private:
  struct Seat {  // at one node
    State state = State::gone;
    std::vector<std::string> rooms;
  };
  struct Entry {
    std::map<Id, Seat> seats{};
    State told = State::gone;
    Time since{};
    std::vector<std::string> told_rooms{};
    Time due = never;  // when what it is now will be told
  };

  static State state_of(const Entry& entry);
  static std::vector<std::string> rooms_of(const Entry& entry);
  void update(const std::string& nick, Entry& entry, Time now);
  void tell(const std::string& nick, Entry& entry, Time now);
  void set_due(const std::string& nick, Entry& entry, Time due);

  std::map<std::string, Entry> entries_;
  std::set<std::pair<Time, std::string>> due_;
  std::vector<PresenceChange> changes_;
};

}  // namespace shoal::chat
