#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <shoal/net/port.hpp>
#include <shoal/runtime/reactor.hpp>

namespace shoal::net {

using Addresses = Result<std::vector<std::string>>;

/// Looks host names up on a thread of its own, so that a name server that hangs holds up neither
/// the Reactor nor libzmq. The thread is started by the first question and outlives the resolver
/// only where a lookup does.
class Resolver {
 public:
  Resolver(runtime::Reactor& reactor, Lookup lookup);
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  /// Calls `answer` from the Reactor, never at once. Returns a number for forget().
  std::uint64_t ask(const std::string& host, std::function<void(Addresses)> answer);

  /// The answer is no longer wanted.
  void forget(std::uint64_t question);

 private:
  struct Shared;
  void collect();

  runtime::Reactor& reactor_;
  std::shared_ptr<Shared> shared_;
  std::map<std::uint64_t, std::function<void(Addresses)>> waiting_;
  std::uint64_t next_ = 1;
  bool started_ = false;
  runtime::Registration watch_;
};

/// Whether `host` is an address, which needs no lookup.
bool is_address(const std::string& host);

}  // namespace shoal::net
