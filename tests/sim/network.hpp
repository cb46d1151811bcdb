#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <utility>
#include <vector>

#include <shoal/net/port.hpp>
#include <shoal/wire/message.hpp>

#include "random.hpp"
#include "schedule.hpp"

namespace shoal::sim {

/// What the network does to messages and sessions while there are faults.
struct NetworkFaults {
  double loss = 0;
  double repeat = 0;
  Duration delay_most = std::chrono::milliseconds(5);  ///< each message draws its own
  bool overtaking = true;  ///< whether a message may arrive before one that was sent earlier
};

/// One node as the network sees it.
class Endpoint {
 public:
  virtual ~Endpoint() = default;
  virtual bool alive() const = 0;
  virtual void on_up(net::PeerId session, Endpoint& other) = 0;
  virtual void on_message(net::PeerId session, wire::Message message) = 0;
  virtual void on_down(net::PeerId session, bool left) = 0;
};

/// Sessions between nodes, as Ports make them: at most one a pair at a time; each side learns of
/// its end at a time of its own; what is sent meanwhile is lost.
class Network {
 public:
  Network(Schedule& schedule, Random& random) : schedule_(schedule), random_(random) {}

  NetworkFaults faults;

  /// Lets the two find each other whenever both are alive and the way between them is open. The
  /// first is the one that dials, where that makes a difference.
  void introduce(Endpoint& a, Endpoint& b);

  /// The same, while `wanted` holds. When it begins to hold, seek() must be called.
  std::size_t introduce(Endpoint& a, Endpoint& b, std::function<bool()> wanted);
  void seek(std::size_t pair);

  void send(Endpoint& from, net::PeerId session, wire::Message message);

  /// The node stopped without a word (`left` false), or said goodbye.
  void gone(Endpoint& node, bool left);

  /// Cuts the way between two nodes for a time.
  void partition(std::size_t pair, Duration length);
  /// Ends a session that the pattern finds at fault; both sides learn of it.
  void drop(net::PeerId session);

  /// Whether `node` is the one that was introduced first.
  bool dialled(net::PeerId session, const Endpoint& node) const {
    return pairs_[sessions_.at(session).pair].a == &node;
  }

  std::size_t pairs() const { return pairs_.size(); }

 private:
  struct Pair {
    Endpoint* a = nullptr;
    Endpoint* b = nullptr;
    bool cut = false;
    net::PeerId session = 0;
    std::function<bool()> wanted{};  // always, when it is empty
    bool seeking = false;
  };
  struct Session {
    std::size_t pair = 0;
    bool cut = false;
    std::vector<Endpoint*> open;  // the sides that have not seen its end
    std::map<Endpoint*, Time> last_arrival{};
  };

  void connect(std::size_t pair);
  bool give_up(std::size_t pair);
  void forget(net::PeerId id);
  void end(net::PeerId id, Endpoint* by, bool left);
  void close_side(net::PeerId id, Endpoint* side, bool left);
  void deliver(net::PeerId id, Endpoint* to, const wire::Message& message);

  Schedule& schedule_;
  Random& random_;
  std::vector<Pair> pairs_;
  std::map<net::PeerId, Session> sessions_;
  net::PeerId next_session_ = 1;
};

}  // namespace shoal::sim
