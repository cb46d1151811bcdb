#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <set>
#include <unordered_map>

#include <shoal/base/clock.hpp>
#include <shoal/base/id.hpp>
#include <shoal/chat/post_log.hpp>
#include <shoal/net/core_outbox.hpp>
#include <shoal/wire/chat_messages.hpp>

namespace shoal::chat {

using net::PeerId;
using Outbox = net::CoreOutbox<wire::chat::Any>;

/// Brings every linked peer the posts that it lacks, and tells it which ones we have (CHAT-3 to
/// CHAT-5). No I/O and no clock.
class Exchange {
 public:
  /// `log` outlives the exchange.
  explicit Exchange(const PostLog& log) : log_(log) {}

  void on_up(PeerId peer);
  void on_down(PeerId peer) { links_.erase(peer); }
  void on_have(PeerId peer, const wire::chat::Have& have);

  /// A post that `peer` sent, and so has.
  void on_sent_by(PeerId peer, const Post& post);

  /// A post that the log has just taken. `wait(peer)`: whether that peer will have it from another
  /// one.
  void offer(const Post& post, const std::function<bool(PeerId)>& wait, Time now);

  /// The next seq of the author has changed in the log.
  void on_changed(const Id& author, Time now);

  /// Whether there are links, and every one has all posts of the author, by its own word.
  bool all_have(const Id& author) const;

  /// To be called at next_tick() at the latest.
  void tick(Time now);
  Time next_tick() const;

  Outbox take_outbox() { return outbox_.take(); }

 private:
  struct Progress {            // of one author's log at one peer
    std::uint64_t has = 0;     // by its word, or because it sent it
    std::uint64_t sent = 0;    // the next that it was not sent
    std::uint64_t flying = 0;  // sent, and not covered by its word
    std::uint64_t until = 0;   // may be sent below that
    bool ready = false;        // its next post stands in `ready`
  };
  struct Held {
    Time due{};
    Id author;
    std::uint64_t until = 0;
  };
  struct Link {
    bool told = false;  // it has said what it has
    std::unordered_map<Id, Progress> logs{};
    std::set<Place> ready{};  // the next post of each author to send
    std::deque<Held> held{};  // by due
    std::uint64_t flying = 0;
  };

  void allow(Link& link, const Id& author, std::uint64_t until);
  void make_ready(Link& link, const Id& author, Progress& progress);
  void cover(Link& link, Progress& progress, std::uint64_t next);
  void pump(PeerId peer, Link& link);
  void send_have(const wire::chat::Vector& logs, bool all, const std::vector<PeerId>& peers);
  void tell_changes();

  const PostLog& log_;
  std::map<PeerId, Link> links_;
  std::set<Id> changed_;  // authors, since the last `have`
  std::size_t changes_ = 0;
  Time tell_at_ = never;
  Outbox outbox_;
};

}  // namespace shoal::chat
