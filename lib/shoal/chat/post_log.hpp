#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include <shoal/base/id.hpp>
#include <shoal/wire/chat_messages.hpp>

namespace shoal::chat {

using wire::chat::Post;

/// Where a post stands among all posts (CHAT-2).
struct Place {
  std::uint64_t clock = 0;
  Id author;
  std::uint64_t seq = 0;

  friend auto operator<=>(const Place&, const Place&) = default;
};

inline Place place_of(const Post& post) {
  return {post.clock, post.author, post.seq};
}

struct PostLimits {
  std::size_t posts = 100'000;
  std::size_t bytes = 64UL << 20;  ///< of the posts, with what they cost beside their text
  std::size_t authors = 100'000;   ///< remembered without a post that is still kept
};

/// All posts that a peer holds: each author's log, and all of them in their order. Keeps as many of
/// the newest as the limits allow. No I/O.
class PostLog {
 public:
  /// `self` is never forgotten as an author.
  PostLog(Id self, PostLimits limits) : self_(self), limits_(limits) {}

  enum class Added {
    kept,
    held,     ///< was here already, or has been let go of
    passed,   ///< older than what was let go of: counted, not kept
    foreign,  ///< does not follow its author's last post (CHAT-2)
  };

  /// Takes a post of anybody.
  Added add(Post post);

  /// Takes a post that a store has kept, each author's in order; a gap is no fault there.
  void restore(Post post);

  std::uint64_t first(const Id& author) const;  ///< the oldest kept; next() when there is none
  std::uint64_t next(const Id& author) const;   ///< 0 for an author unknown
  std::uint64_t last_clock(const Id& author) const;

  /// Nothing when it is not kept.
  const Post* find(const Id& author, std::uint64_t seq) const;

  /// The next seq of every author known.
  wire::chat::Vector vector() const;

  /// The greatest clock of a post that is not above `limit`; 0 when there is none.
  std::uint64_t latest_clock(std::uint64_t limit) const;

  /// The least clock with which `post` would be kept: above all that has been let go of, and above
  /// what has to go to make room for it.
  std::uint64_t least_clock(const Post& post) const;

  /// The newest `most` posts of a room, in order; of those that stand before `before`, if given.
  std::vector<Post> newest(const std::string& room, std::size_t most,
                           const std::optional<Place>& before = {}) const;

  /// The first `most` posts after `place`, in order; those of one room unless `room` is empty.
  std::vector<Post> after(const Place& place, const std::string& room, std::size_t most) const;

  /// The newest `most` posts, in order, that somebody lacks who has each author's posts up to what
  /// `has` says; those of one room unless `room` is empty. Looks at the last `most` of each author.
  std::vector<Post> lacking(const wire::chat::Vector& has, const std::string& room,
                            std::size_t most) const;

  std::size_t size() const { return posts_.size(); }
  std::size_t bytes() const { return bytes_; }
  std::size_t authors() const { return logs_.size(); }

 private:
  using InOrder = std::map<Place, const Post*>;
  struct Log {
    std::uint64_t next = 0;
    std::uint64_t last_clock = 0;
    std::deque<const Post*> posts{};  // consecutive, up to `next`
  };

  Added insert(Post post, bool strict);
  bool follows(const Log* log, const Post& post) const;
  void remove(const Place& place);
  void drop_all(Log& log);
  void trim();
  void forget_authors();

  Id self_;
  PostLimits limits_;
  std::map<Place, Post> posts_;
  std::unordered_map<std::string, InOrder> rooms_;
  std::unordered_map<Id, Log> logs_;
  std::deque<Id> emptied_;         // authors whose last post was let go of, the longest ago first
  std::optional<Place> let_go_{};  // the greatest place trimmed
  bool forgot_ = false;            // an author: its log may begin anywhere
  std::size_t bytes_ = 0;
};

}  // namespace shoal::chat
