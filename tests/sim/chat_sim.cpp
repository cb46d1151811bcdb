// The cores of chat-peers in a simulated world: they find each other from one address, crash and
// come back with their data, without it, or with an older copy of it, fall in parts, and have
// clocks that disagree. Checked: once the world heals all hold the same posts in the same order,
// every one of them that was stored and not lost with a disk; no author says two things in one
// place; everybody is told as here, away or gone as it is; a direct message arrives at most once
// and ends once and truthfully; no honest peer is blamed.
//
//   sim_chat [--seeds COUNT] [--from SEED] [--seed SEED]

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>

#include "chat_nodes.hpp"
#include "seeds.hpp"

using namespace shoal;
using namespace shoal::sim;
using namespace std::chrono_literals;
using chat::Ending;
using chat::State;

namespace {

// Sessions end and begin anew, records age for 25 s, and changes wait for ten.
constexpr Duration settles_in = 45s;
constexpr Duration forgets_in = 11min;

ChatPlan make_plan(std::uint64_t seed) {
  Random random(seed ^ 0xc4a7);
  ChatPlan plan{.seed = seed};
  plan.peers = static_cast<int>(random.chance(0.9) ? random.between(2, 6) : random.between(7, 20));
  plan.posts = random.between(5, 60);
  plan.directs = random.between(0, 20);
  plan.mesh = random.chance(0.7);
  plan.hidden = random.chance(0.3) ? 0.4 : 0;
  plan.keeps = 0.5 * static_cast<double>(random.between(0, 2));
  plan.set_back = random.chance(0.3) ? 0.5 : 0;
  plan.torn = random.chance(0.3) ? 0.002 : 0;
  plan.crashes = static_cast<int>(random.between(0, 8));
  plan.cuts = static_cast<int>(random.between(0, 8));
  plan.splits = static_cast<int>(random.between(0, 2));
  plan.last_words = static_cast<int>(random.chance(0.5) ? random.between(1, 4) : 0);
  plan.whispers = static_cast<int>(random.chance(0.3) ? random.between(1, 4) : 0);
  plan.deaths = random.chance(0.3) ? 1 : 0;
  plan.leavings = random.chance(0.3) ? 1 : 0;
  plan.twins = random.chance(0.1);
  plan.skew_most = random.chance(0.5) ? Duration(5min) : Duration(100ms);
  plan.faults.delay_most = random.between(Duration(1ms), Duration(100ms));
  plan.faults.overtaking = false;
  plan.lasts = random.between(Duration(5s), Duration(30s));
  if (random.chance(0.2)) plan.keep_posts = random.between(3, 30);
  if (random.chance(0.1)) plan.posts = 700;  // more than one window
  if (random.chance(0.04)) {
    plan.long_after = true;
    plan.peers = static_cast<int>(random.between(3, 5));
    plan.deaths = 1;
  }
  return plan;
}

class World {
 public:
  explicit World(const ChatPlan& plan) : shared_(plan) {
    shared_.network.faults = plan.faults;
    for (int i = 0; i < plan.peers; ++i) add_node(i);
    for (int i = 0; i < plan.peers; ++i) {
      for (int k = 0; k < i; ++k) introduce(node(i), node(k));
    }
    for (auto& peer : shared_.nodes) {
      at_random(0.3, [peer = peer.get()] { peer->start(); });
    }
    plan_words();
    plan_faults();
  }

  /// Why the promise is broken; empty when it is kept.
  std::string run() {
    bool well = run_for(shared_.plan.lasts);
    shared_.faults_on = false;
    for (auto& peer : shared_.nodes) peer->start();
    well = well && run_for(settles_in);
    if (well) last_directs();
    well = well && run_for(12s);
    if (well && shared_.plan.long_after) well = run_long();
    if (well) check_end();
    return shared_.fault;
  }

 private:
  ChatNode& node(int index) { return *shared_.nodes[static_cast<std::size_t>(index)]; }
  ChatNode& any_node() {
    return node(static_cast<int>(shared_.random.between(0, shared_.nodes.size() - 1)));
  }

  /// Everybody knows one that came before and can be dialled.
  void add_node(int index) {
    shared_.nodes.push_back(std::make_unique<ChatNode>(shared_, index));
    if (index == 0) return;
    std::uint64_t last = static_cast<std::uint64_t>(index) - 1;
    ChatNode* other = &node(static_cast<int>(shared_.random.between(0, last)));
    if (other->hidden) other = &node(0);
    node(index).known.insert(other);
  }

  void introduce(ChatNode& a, ChatNode& b) {
    std::size_t pair =
        shared_.network.introduce(a, b, [&a, &b] { return a.dials(b) || b.dials(a); });
    a.pairs.push_back(pair);
    b.pairs.push_back(pair);
  }

  bool is_known(const ChatNode& other) const {
    return std::ranges::any_of(shared_.nodes,
                               [&](const auto& peer) { return peer->known.contains(&other); });
  }

  /// Somewhere in the first `part` of the time that faults last.
  void at_random(double part, std::function<void()> event) {
    auto most = std::chrono::duration_cast<Duration>(shared_.plan.lasts * part);
    shared_.schedule.in(shared_.random.between(Duration(0), most), std::move(event));
  }

  void plan_words() {
    for (std::uint64_t i = 0; i < shared_.plan.posts; ++i) {
      at_random(1, [this] { any_node().post(); });
    }
    for (std::uint64_t i = 0; i < shared_.plan.directs; ++i) {
      at_random(1, [this] {
        ChatNode& to = any_node();
        any_node().send_direct(shared_.random.chance(0.3) ? to.guest : to.nick, false);
      });
    }
    for (int i = 0; i < shared_.plan.peers; ++i) {
      at_random(1, [this] { any_node().toggle_guest(); });
    }
  }

  void plan_faults() {
    const ChatPlan& plan = shared_.plan;
    for (int i = 0; i < plan.crashes; ++i) {
      at_random(1, [this] {
        any_node().crash_and_restart(shared_.random.chance(0.3) ? Duration(10s) : Duration(1s));
      });
    }
    for (int i = 0; i < plan.cuts; ++i) {
      at_random(1, [this] {
        std::uint64_t last = shared_.network.pairs() - 1;
        shared_.network.partition(shared_.random.between(std::uint64_t{0}, last),
                                  shared_.random.between(Duration(1ms), Duration(4s)));
      });
    }
    for (int i = 0; i < plan.splits; ++i) at_random(0.8, [this] { split(); });
    for (int i = 0; i < plan.last_words; ++i) at_random(1, [this] { speak_and_crash(); });
    for (int i = 0; i < plan.whispers; ++i) at_random(1, [this] { whisper(); });
    for (int i = 0; i < plan.deaths; ++i) at_random(1, [this] { end_one(false); });
    for (int i = 0; i < plan.leavings; ++i) at_random(1, [this] { end_one(true); });
  }

  void split() {
    Duration length = shared_.random.between(Duration(1s), shared_.plan.lasts / 2);
    std::vector<bool> side;
    for (std::size_t i = 0; i < shared_.nodes.size(); ++i)
      side.push_back(shared_.random.chance(0.5));
    std::size_t pair = 0;
    for (std::size_t i = 0; i < side.size(); ++i) {
      for (std::size_t k = 0; k < i; ++k, ++pair) {
        if (side[i] != side[k]) shared_.network.partition(pair, length);
      }
    }
  }

  /// The way to one of the others is cut, so that it has to have the post from somebody else.
  void speak_and_crash() {
    ChatNode& speaker = any_node();
    shared_.network.partition(speaker.pairs[shared_.random.between(0, speaker.pairs.size() - 1)],
                              5s);
    speaker.post();
    shared_.schedule.in(shared_.plan.faults.delay_most + 1ms, [&speaker] {
      if (!speaker.ended) speaker.crash_and_restart(1s);
    });
  }

  /// The message arrives, or not; the answer does not, or by another way.
  void whisper() {
    ChatNode& from = any_node();
    from.send_direct(any_node().nick, false);
    shared_.schedule.in(shared_.random.between(Duration(0), shared_.plan.faults.delay_most * 2),
                        [this, &from] {
                          for (std::size_t pair : from.pairs) shared_.network.partition(pair, 12s);
                        });
  }

  /// Only one that nobody needs to find the others.
  void end_one(bool in_peace) {
    ChatNode& peer = any_node();
    bool needed = is_known(peer) || &peer == shared_.nodes.front().get();
    if (needed || !peer.alive()) return;
    if (in_peace) {
      peer.say_goodbye();
    } else {
      peer.ended = true;
      peer.crash();
    }
  }

  /// Runs on; whether all is well.
  bool run_for(Duration length) {
    Time end = shared_.schedule.now() + length;
    shared_.schedule.run_until(
        [this] {
          for (const auto& peer : shared_.nodes) {
            if (!peer->fault().empty()) shared_.broken(peer->name + ": " + peer->fault());
          }
          return !shared_.fault.empty();
        },
        end);
    shared_.schedule.pass_to(end);
    return shared_.fault.empty();
  }

  /// Sessions go on to end now and then, and peers to start again, while the dead are forgotten.
  bool run_long() {
    for (int i = 0; i < 40; ++i) {
      shared_.schedule.in(shared_.random.between(Duration(0), forgets_in - 1min), [this] {
        if (shared_.random.chance(0.3)) {
          ChatNode& peer = any_node();
          if (!peer.ended) peer.crash_and_restart(1s);
        }
        std::uint64_t last = shared_.network.pairs() - 1;
        shared_.network.partition(shared_.random.between(std::uint64_t{0}, last), 2s);
      });
    }
    return run_for(forgets_in);
  }

  std::size_t holders(const std::string& nick) const {
    return static_cast<std::size_t>(std::ranges::count_if(shared_.nodes, [&](const auto& peer) {
      return peer->alive() && (peer->nick == nick || (peer->guest_here && peer->guest == nick));
    }));
  }

  void last_directs() {
    for (int i = 0; i < 4; ++i) {
      ChatNode& to = any_node();
      any_node().send_direct(to.nick, holders(to.nick) == 1);
    }
    any_node().send_direct("nobody", false);
  }

  void check_end() {
    ChatNode* model = nullptr;
    for (auto& peer : shared_.nodes) {
      if (!peer->alive()) continue;
      if (model == nullptr) check_kept(*peer);
      if (model != nullptr && !same(peer->posts(), model->posts())) differ(*model, *peer);
      model = peer.get();
      check_presence(*peer);
      if (shared_.plan.mesh) check_links(*peer);
    }
    check_directs();
  }

  /// But for the oldest that each was sent from.
  static bool same(const std::vector<chat::Post>& a, const std::vector<chat::Post>& b) {
    return std::ranges::equal(a, b, [](const chat::Post& one, const chat::Post& other) {
      return chat::place_of(one) == chat::place_of(other) && one.text == other.text &&
             one.nick == other.nick && one.room == other.room;
    });
  }

  void differ(ChatNode& a, ChatNode& b) {
    shared_.broken(a.name + " holds " + std::to_string(a.posts().size()) + " posts and " + b.name +
                   " others, " + std::to_string(b.posts().size()));
  }

  /// What was stored and not lost with a disk is there, or older than what there is room for. Where
  /// posts were lost after they had taken the room of older ones, those are lost too.
  void check_kept(ChatNode& peer) {
    if (shared_.trims() && shared_.any_excused) return;
    std::vector<chat::Post> posts = peer.posts();
    bool full = posts.size() >= shared_.plan.keep_posts;
    std::set<PostKey> held;
    for (const chat::Post& post : posts) held.emplace(post.author, post.seq);
    for (const auto& [key, made] : shared_.made) {
      bool old = full && made.clock <= posts.front().clock;
      if (made.stored && !made.excused && !old && !held.contains(key)) {
        shared_.broken("lost: " + made.text);
      }
    }
  }

  void check_presence(ChatNode& peer) {
    std::map<std::string, State> told;
    for (const chat::User& user : peer.core().users()) told[user.nick] = user.state;
    for (const auto& other : shared_.nodes) {
      for (const std::string& nick : {other->nick, other->guest}) {
        State state = told.contains(nick) ? told.at(nick) : State::gone;
        bool here = holders(nick) > 0;
        if (here != (state == State::here)) {
          shared_.broken(peer.name + " is wrong about " + nick + (here ? " who is here" : ""));
        }
        if (!here && shared_.plan.long_after && state != State::gone) {
          shared_.broken(peer.name + " remembers " + nick);
        }
      }
    }
  }

  /// All have found each other but those of whom neither can be dialled.
  void check_links(ChatNode& peer) {
    std::set<Id> linked;
    for (const chat::Peer& other : peer.core().peers(shared_.schedule.now())) {
      if (other.linked) linked.insert(other.node);
    }
    for (const auto& other : shared_.nodes) {
      bool possible = other->alive() && other.get() != &peer && !(other->hidden && peer.hidden);
      if (possible && !linked.contains(other->node())) {
        shared_.broken(peer.name + " and " + other->name + " have not found each other");
      }
    }
  }

  void check_directs() {
    for (const auto& [id, sent] : shared_.directs) {
      bool lives =
          sent.origin != nullptr && sent.origin->alive() && sent.origin->life() == sent.life;
      if (lives && sent.ended != 1) shared_.broken("a direct message has not ended");
      if (sent.ended == 0) continue;
      bool unsure = sent.ending == Ending::no_answer;
      if (!unsure && (sent.ending == Ending::delivered) != (sent.delivered == 1)) {
        shared_.broken("a direct message ended as \"" + chat::describe(sent.ending, "X") +
                       "\", and that is not true");
      }
      if (sent.must_arrive && sent.ending != Ending::delivered) {
        shared_.broken("in peace a direct message ended as \"" + chat::describe(sent.ending, "X") +
                       "\"");
      }
    }
  }

  ChatShared shared_;
};

std::string run_seed(std::uint64_t seed) {
  World world(make_plan(seed));
  return world.run();
}

}  // namespace

int main(int argc, char** argv) {
  return run_seeds(argc, argv, 200, run_seed);
}
