#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <shoal/chat/chat_core.hpp>

#include "node.hpp"

namespace shoal::sim {

/// What happens in a world of chat-peers. Everything else follows from the seed.
struct ChatPlan {
  std::uint64_t seed = 0;
  int peers = 4;
  std::uint64_t posts = 60;
  std::uint64_t directs = 20;
  bool mesh = true;     ///< peers say where they listen, so that all find each other
  double hidden = 0;    ///< how many of them cannot be dialled
  double keeps = 0.5;   ///< how many of them keep their data
  double set_back = 0;  ///< how often an older copy of it comes back
  double torn = 0;      ///< how often a step ends in a crash
  int crashes = 5;
  int cuts = 5;
  int splits = 1;           ///< the peers fall in two parts
  int last_words = 0;       ///< posts just before a crash, which some never get from their author
  int whispers = 0;         ///< direct messages just before the way is cut
  int deaths = 0;           ///< for good
  int leavings = 0;         ///< likewise, with a last word
  bool long_after = false;  ///< until the dead are forgotten
  bool twins = false;       ///< two peers share a nick
  std::size_t keep_posts = 100'000;
  Duration skew_most{};
  NetworkFaults faults;
  Duration lasts = std::chrono::seconds(20);
};

class ChatNode;

/// A post as its author made it.
struct Made {
  std::string text;
  std::uint64_t clock = 0;
  bool stored = false;   ///< its author had committed it
  bool excused = false;  ///< the last copy went down with a disk or a memory
};

/// A direct message as the world remembers it.
struct Sent {
  ChatNode* origin = nullptr;
  int life = 0;  ///< of its origin
  bool must_arrive = false;
  int delivered = 0;
  int ended = 0;
  chat::Ending ending{};
};

using PostKey = std::pair<Id, std::uint64_t>;  // author and seq

struct ChatShared : Surroundings {
  ChatPlan plan;
  std::string fault;  ///< the first broken promise
  std::vector<std::unique_ptr<ChatNode>> nodes;
  std::map<PostKey, Made> made;
  std::map<Id, Sent> directs;
  std::map<std::string, Time> last_seen;  ///< when somebody with that nick ran or named it
  std::uint64_t texts = 0;
  bool any_excused = false;

  explicit ChatShared(const ChatPlan& p) : Surroundings(p.seed), plan(p) {}
  ~ChatShared();
  /// Whether peers let go of posts.
  bool trims() const { return plan.keep_posts < 1000; }
  void broken(const std::string& what) {
    if (fault.empty()) fault = what;
  }
};

/// A peer, its disk and its clock. Only glue: decode, core, store, encode.
class ChatNode : public Node {
 public:
  ChatNode(ChatShared& shared, int index);
  void start() override;
  void on_up(net::PeerId session, Endpoint& other) override;
  void on_message(net::PeerId session, wire::Message message) override;
  void on_down(net::PeerId session, bool left) override;

  void post();
  void send_direct(const std::string& to, bool must_arrive);
  void toggle_guest();
  void say_goodbye();

  /// Whether it wants a session with `other`, and can have it.
  bool dials(const ChatNode& other) const;
  bool holds(const PostKey& key) const;

  chat::ChatCore& core() { return *core_; }
  int life() const { return life_; }
  const Id& node() const { return node_; }
  chat::Moment moment() const;
  std::vector<chat::Post> posts() const { return core_->posts_after({}, "", SIZE_MAX); }

  const std::string name;
  const std::string nick;
  const std::string guest;
  const bool hidden;
  const bool keeps;
  std::set<const ChatNode*> known;  ///< from the start
  bool guest_here = false;
  bool ended = false;              ///< for good
  std::vector<std::size_t> pairs;  ///< in the network

 private:
  void forget() override;
  void on_crash() override;
  void step();
  void take(const chat::Arrived& arrived);
  void take(const chat::PresenceChange& change);
  void take(const chat::DirectArrived& direct);
  void take(const chat::DirectEnded& ending);
  void lose_disk();
  void check_clock(const chat::Place& place) const;

  ChatShared& shared_;
  Id node_;
  int life_ = 0;
  Duration skew_{};
  std::unique_ptr<chat::ChatCore> core_;
  std::vector<chat::Post> disk_;
  std::size_t copied_ = 0;  // of the disk, at some time before
  std::set<std::string> dialling_;
  std::map<Id, std::uint64_t> next_;  // as events told
  std::map<std::string, chat::State> told_;
};

}  // namespace shoal::sim
