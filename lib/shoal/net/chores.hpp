#pragma once

#include <functional>
#include <vector>

#include <shoal/runtime/reactor.hpp>

namespace shoal::net {

/// Work put off until the callbacks that are running have returned: letting go of what they stand
/// on, and telling a pattern of an end that it brought about itself. In the order added, before the
/// Reactor next waits.
class Chores {
 public:
  explicit Chores(runtime::Reactor& reactor) : reactor_(reactor) {}

  void add(std::function<void()> chore) {
    chores_.push_back(std::move(chore));
    if (!check_) check_ = reactor_.before_wait([this] { return run(); });
  }

 private:
  bool run() {
    std::vector<std::function<void()>> now = std::exchange(chores_, {});
    for (auto& chore : now) chore();
    if (chores_.empty()) check_.reset();
    return true;
  }

  runtime::Reactor& reactor_;
  std::vector<std::function<void()>> chores_;
  runtime::Registration check_;
};

}  // namespace shoal::net
