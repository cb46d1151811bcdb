#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <shoal/net/port.hpp>
#include <shoal/reqrep/replier_core.hpp>
#include <shoal/runtime/reactor.hpp>

namespace shoal::reqrep {

/// What became of replies brought to return addresses.
struct DirectEvents {
  std::function<void(const Id&)> got;            ///< the first asker has it
  std::function<void(const Id&)> undeliverable;  ///< it cannot be brought there
};

/// Brings replies to the return addresses of first askers (PROTOCOL.md, REQ-14), over one Port for
/// each address that is in use; those that have been idle for a while are closed. Addresses come
/// from peers: what is no plain endpoint, or may not be dialled, is not. Reactor's thread only.
class DirectReplies {
 public:
  /// `node` is the replier's; `max_size` bounds a reply. Context and reactor outlive it.
  DirectReplies(net::Context& context, runtime::Reactor& reactor, const Id& node,
                std::size_t max_size, DirectEvents events);
  ~DirectReplies();

  /// Takes a reply to bring away. Events follow from the Reactor, none when the asker is silent.
  void bring(DirectReply reply);

 private:
  class Line;

  Line* line_to(const std::string& endpoint);
  bool make_room();
  void close_idle();
  void undeliverable(const Id& id);

  net::Context& context_;
  runtime::Reactor& reactor_;
  Id node_;
  std::size_t max_size_;
  DirectEvents events_;
  std::map<std::string, std::unique_ptr<Line>> lines_;  // by return address
  std::vector<Id> lost_;                                // to be told from the Reactor
  runtime::Registration telling_;
  runtime::Registration closing_;
};

}  // namespace shoal::reqrep
