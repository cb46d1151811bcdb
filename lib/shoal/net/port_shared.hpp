#pragma once

#include <shoal/net/chores.hpp>
#include <shoal/net/context_impl.hpp>
#include <shoal/net/notices.hpp>
#include <shoal/net/resolver.hpp>
#include <shoal/net/session.hpp>

namespace shoal::net {

/// What the parts of one Port share.
struct PortShared {
  PortShared(Context::Impl& context_, runtime::Reactor& reactor_, const PortOptions& options_,
             SessionHost& host_);

  Context::Impl& context;
  runtime::Reactor& reactor;
  const PortOptions& options;
  SessionHost& host;
  Terms terms;
  Notices notices;
  Resolver resolver;
  Chores chores;
  PeerId next_id = 1;
};

/// The options that the Port's ROUTER and DEALERs have in common.
void set_up(zmq::socket_t& socket, const PortLimits& limits);

/// To be called before each bind or connect: an IPv4 address is used as such, and not as one mapped
/// into IPv6, so that people read what they wrote; all else may be either.
void prefer_ipv4(zmq::socket_t& socket, const std::string& host);

/// How long libzmq may go on writing a last word (BYE, REFUSE) of a socket that we let go of.
inline constexpr int last_word_ms = 500;

}  // namespace shoal::net
