#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <shoal/net/plain_link.hpp>

namespace shoal::net {

/// What a plain or live socket listens on and what it dials: one link for all the first, one for
/// each of the second. Binds, dials, says for whom it waits, and asks whether there is work before
/// the Reactor waits.
class PlainLinks {
 public:
  /// Throws Error as PlainSocket does. Of `shared` the caller fills in what comes before `wake`.
  PlainLinks(PlainShared shared, std::function<bool()> ready);
  ~PlainLinks();
  PlainLinks(const PlainLinks&) = delete;
  PlainLinks& operator=(const PlainLinks&) = delete;

  std::vector<std::unique_ptr<PlainLink>>& all() noexcept { return links_; }

  /// The links in turn; there is one at least.
  PlainLink& next();

  /// Have `ready` asked before the Reactor waits.
  void touch();

  void close();
  bool closing() const noexcept { return closing_; }
  bool closed() const;

  PlainShared& shared() noexcept { return shared_; }
  const std::vector<std::string>& bound() const noexcept { return bound_; }
  int peers() const;  ///< connected now
  bool had_peer() const noexcept { return had_peer_; }

 private:
  void listen(const std::vector<Endpoint>& endpoints);
  void dial(const std::vector<Endpoint>& endpoints);
  void watch_for_peers();
  void say_waiting() const;

  PlainShared shared_;
  std::function<bool()> ready_;
  std::vector<std::unique_ptr<PlainLink>> links_;
  std::vector<std::string> bound_;
  std::vector<std::string> dialled_;
  std::size_t next_ = 0;
  bool had_peer_ = false;
  bool closing_ = false;
  runtime::Registration check_;
  runtime::Registration close_;
  runtime::Registration waiting_;
};

}  // namespace shoal::net
