#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include <shoal/base/clock.hpp>

namespace shoal::bench {

/// Many who talk in one room, all on the caller's thread.
class Crowd {
 public:
  virtual ~Crowd() = default;

  virtual std::size_t size() const = 0;

  /// Says message `number`.
  virtual void say(std::size_t who, std::uint64_t number) = 0;

  /// Tells `heard` what has come for whom. Waits for something until then at most.
  virtual void listen(Time until) = 0;

  std::function<void(std::size_t who, std::uint64_t number)> heard;
};

/// Everybody in turn says something, `messages` in all, one each `interval`. Microseconds from each
/// message's send until the last one has it, ascending. Throws Error: a message does not reach all.
std::vector<double> talk(Crowd& crowd, std::uint64_t messages, Duration interval);

}  // namespace shoal::bench
