#pragma once

#include <string>

#include <shoal/net/port.hpp>
#include <shoal/net/socket.hpp>
#include <shoal/wire/port_frames.hpp>

namespace shoal::net {

/// How a session ended, or never began.
struct Ending {
  enum class Cause {
    left,        ///< goodbyes were exchanged
    lost,        ///< the connection is gone, or nothing was heard for too long
    refused_us,  ///< the peer said REFUSE
    refused,     ///< we said REFUSE
  };

  Cause cause = Cause::lost;
  Down down;
  wire::RefuseCode code = wire::RefuseCode::dropped;  ///< where one side refused
  bool was_up = false;
};

/// What carries the frames of one session: a dialled DEALER, or one routing id of the ROUTER.
class Link {
 public:
  virtual ~Link() = default;

  /// Hands one message to libzmq: `first`, and `second` unless null. Both are taken when done.
  virtual Wrote write(zmq::message_t& first, zmq::message_t* second) = 0;

  /// The session on it has ended. The link lets go of the session, but not before the callbacks
  /// that are running have returned.
  virtual void over(const Ending& ending) = 0;

  virtual bool dialled() const = 0;                 ///< by us
  virtual const std::string& where() const = 0;     ///< for people: the endpoint or the address
  virtual const std::string& key_name() const = 0;  ///< the authenticated key; empty without keys
};

}  // namespace shoal::net
