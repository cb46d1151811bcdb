#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

namespace zmq {
class context_t;
}

namespace shoal::runtime {
class Reactor;
}

namespace shoal::net {

/// How this node proves who it is and whom it lets in.
struct SecurityOptions {
  std::optional<std::filesystem::path> key;    ///< NAME.key; together with `trust` turns CURVE on
  std::optional<std::filesystem::path> trust;  ///< a folder of NAME.pub files, or one such file
  bool insecure = false;  ///< without keys: may bind and dial beyond loopback; says so on stderr
};

/// The libzmq context of a node, and with keys its ZAP handler, which runs before any bind and has
/// been seen to turn a stranger away. One a process. Outlives every Port on it.
class Context {
 public:
  /// Throws Error: a key that does not read or that others can read, an empty trust folder, a
  /// self-test that a stranger passed (all not_allowed), `key` without `trust` or the other way
  /// round (usage).
  Context(runtime::Reactor& reactor, SecurityOptions security);
  ~Context();
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  class Impl;
  Impl& impl() noexcept { return *impl_; }  ///< for net/ alone

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace shoal::net
