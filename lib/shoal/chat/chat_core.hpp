#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include <shoal/base/clock.hpp>
#include <shoal/base/id.hpp>
#include <shoal/chat/courier.hpp>
#include <shoal/chat/exchange.hpp>
#include <shoal/chat/post_log.hpp>
#include <shoal/chat/roster.hpp>
#include <shoal/wire/chat_messages.hpp>

namespace shoal::chat {

/// Now, on the monotonic clock, and on the one on the wall.
struct Moment {
  Time now{};
  std::uint64_t wall_ms = 0;  ///< milliseconds since 1970
};

struct ChatCoreOptions {
  Id node;                               ///< ours, new at each start; the author of what we post
  std::vector<std::string> endpoints{};  ///< where we listen, for others to dial; at most 16
  PostLimits limits{};
};

/// A post, ours or anybody's, is in the log. They arrive each author's in order; where it stands
/// among all is its Place.
struct Arrived {
  Post post;
};

using Event = std::variant<Arrived, PresenceChange, DirectArrived, DirectEnded>;

/// A chat-peer as a state machine (PROTOCOL.md, "Chat"). No I/O and no clock.
///
/// After every call: commit take_posts_to_store(), and only then send take_outbox() (CHAT-6); then
/// see to take_events() and take_dials().
class ChatCore {
 public:
  explicit ChatCore(ChatCoreOptions options);
  ChatCore(const ChatCore&) = delete;
  ChatCore& operator=(const ChatCore&) = delete;

  /// A post that the store has kept; each author's in order, before all else. Makes no event.
  void restore(Post post);

  /// `node` is the one in the peer's HELLO.
  void on_up(PeerId peer, const Id& node, Moment at);
  void on_message(PeerId peer, wire::chat::Any message, Moment at);
  void on_down(PeerId peer, bool left, Moment at);

  /// To be called at next_tick() at the latest.
  void tick(Moment at);
  Time next_tick() const;

  /// Our last word to every peer (CHAT-7); nothing else may follow but what takes things.
  void close(Moment at);

  /// What the peer itself is called in peers(); empty, or a name.
  void set_nick(std::string nick, Moment at);

  /// A user is present at this peer from now on, or in other rooms than before. False when there
  /// are as many as a record takes (most_users), or more rooms than most_rooms. Nick and rooms must
  /// be names. Whether somebody else has the nick is the caller's to ask (find).
  bool join(const std::string& nick, std::vector<std::string> rooms, Moment at);
  void leave(const std::string& nick, Moment at);

  /// Writes to a room; nick and room must be names, the text is_text(). Arrived follows at once.
  /// Returns its place.
  Place post(std::string nick, std::string room, wire::chat::Kind kind, std::string text, Moment at,
             std::uint64_t tag = 0);

  /// Sends to one user, as post() does. Ends exactly once, by a DirectEnded with the id returned;
  /// not when this process ends before.
  Id direct(std::string nick, std::string to, std::string text, Moment at);

  /// The newest `most` posts of a room, in order.
  std::vector<Post> history(const std::string& room, std::size_t most) const {
    return log_.newest(room, most);
  }

  /// The first `most` posts that stand after `place`, in order; of one room unless `room` is empty.
  std::vector<Post> posts_after(const Place& place, const std::string& room,
                                std::size_t most) const {
    return log_.after(place, room, most);
  }

  /// The newest `most` posts that somebody lacks who has each author's up to `has`, in order; of
  /// one room unless `room` is empty. For who comes back: a post that came late may stand before
  /// others that he has, but each author's come in order.
  std::vector<Post> lacking(const wire::chat::Vector& has, const std::string& room,
                            std::size_t most) const {
    return log_.lacking(has, room, most);
  }

  const PostLog& log() const { return log_; }
  std::vector<User> users() const { return roster_.users(); }
  std::vector<Peer> peers(Time now) const { return roster_.peers(now); }

  /// The nodes where the nick is present, as far as there is a way to them; may name our own.
  std::vector<Id> find(const std::string& nick) const { return roster_.find(nick); }

  /// Whether there is a way to a node now.
  bool reaches(const Id& node) const { return roster_.next_hop(node).has_value(); }

  /// Whether somebody has the nick at this peer, or at another one to which there is a way: one
  /// that has died may still be listed without one. `elsewhere`: at another one only.
  bool is_taken(const std::string& nick, bool elsewhere = false) const;

  bool is_linked() const { return !peers_.empty(); }

  /// Whether somebody is linked, and everybody who is has all that this node has posted, by its own
  /// word.
  bool is_spread() const { return exchange_.all_have(options_.node); }

  /// What the peer itself is called; may be empty.
  const std::string& nick() const { return own_.nick; }

  Outbox take_outbox();
  std::vector<Post> take_posts_to_store() { return std::exchange(to_store_, {}); }
  std::vector<Event> take_events() { return std::exchange(events_, {}); }
  std::vector<Dial> take_dials() { return roster_.take_dials(); }

 private:
  void receive(PeerId peer, wire::chat::Have& have, Moment at);
  void receive(PeerId peer, wire::chat::Post& post, Moment at);
  void receive(PeerId peer, wire::chat::About& about, Moment at);
  void receive(PeerId peer, wire::chat::Direct& direct, Moment at);
  void receive(PeerId peer, wire::chat::Receipt& receipt, Moment at);

  void take_post(Post post, PeerId from, Moment at);
  void changed(Moment at);
  void say_record(Moment at, bool left);
  void pass_on(const wire::chat::About& about, PeerId from);
  void collect();

  ChatCoreOptions options_;
  PostLog log_;
  Exchange exchange_;
  Roster roster_;
  Courier courier_;
  std::map<PeerId, Id> peers_;
  wire::chat::About own_;
  Time record_due_{};
  Time record_said_{};
  bool closed_ = false;
  std::vector<Post> to_store_;
  std::vector<Event> events_;
  Outbox outbox_;
};

}  // namespace shoal::chat
