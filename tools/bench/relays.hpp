#pragma once

#include <memory>
#include <string>
#include <vector>

#include "crowd.hpp"

namespace shoal::bench {

/// chat-relay IN OUT [FROM TO]...: what is PUSHed to IN goes out by PUB at OUT and by PUSH to every
/// neighbour's TO; what a neighbour PUSHes to FROM goes the same way, but not back. Until killed.
int run_relay(const std::vector<std::string>& arguments);

/// Who talks through relays: a PUSH and a SUB socket each.
class BareCrowd final : public Crowd {
 public:
  BareCrowd();
  ~BareCrowd() override;

  /// So many more, at the relay with these endpoints.
  void open(const std::string& in, const std::string& out, std::size_t count);

  std::size_t size() const override;
  void say(std::size_t who, std::uint64_t number) override;
  void listen(Time until) override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace shoal::bench
