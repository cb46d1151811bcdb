#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

struct XXH3_state_s;

namespace shoal::store {

/// XXH3-64 over an input as it is read. Where the input is cut into pieces makes no difference, so
/// a digest names a prefix of the input and tells whether a later run reads the same one. One
/// thread.
class InputHash {
 public:
  InputHash();

  /// Takes in the next bytes of the input.
  void update(std::string_view bytes);

  /// The hash of all bytes so far; more may follow.
  std::uint64_t digest() const;

 private:
  struct Free {
    void operator()(XXH3_state_s* state) const noexcept;
  };
  std::unique_ptr<XXH3_state_s, Free> state_;
};

}  // namespace shoal::store
