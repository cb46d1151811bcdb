#include <new>

#include <xxhash.h>

#include <shoal/store/input_hash.hpp>

namespace shoal::store {

InputHash::InputHash() : state_(XXH3_createState()) {
  if (!state_) throw std::bad_alloc();
  XXH3_64bits_reset(state_.get());
}

void InputHash::update(std::string_view bytes) {
  if (!bytes.empty()) XXH3_64bits_update(state_.get(), bytes.data(), bytes.size());
}

std::uint64_t InputHash::digest() const {
  return XXH3_64bits_digest(state_.get());
}

void InputHash::Free::operator()(XXH3_state_s* state) const noexcept {
  XXH3_freeState(state);
}

}  // namespace shoal::store
