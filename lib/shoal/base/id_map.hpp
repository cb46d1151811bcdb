#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#include <shoal/base/assert.hpp>
#include <shoal/base/id.hpp>

namespace shoal {

/// What stands for each id: a table for small values, such as a pointer, without a node for each. A
/// find is one look at memory, and so is an add or an erase. Where an id stands depends on a
/// secret, so that nobody can choose ids that are in each other's way. The nil id stands for
/// nothing.
template <typename Value>
class IdMap {
 public:
  /// The value, until the next add or erase; nothing where there is none.
  Value* find(const Id& id) {
    if (size_ == 0) return nullptr;
    Entry& entry = entries_[place_of(id)];
    return entry.id.is_nil() ? nullptr : &entry.value;
  }

  bool contains(const Id& id) { return find(id) != nullptr; }

  /// Returns false, and changes nothing, where the id has a value already.
  bool add(const Id& id, Value value) {
    SHOAL_ASSERT(!id.is_nil());
    if (2 * (size_ + 1) > entries_.size()) grow();
    Entry& entry = entries_[place_of(id)];
    if (!entry.id.is_nil()) return false;
    entry = {id, std::move(value)};
    ++size_;
    return true;
  }

  /// Does nothing for an id without a value.
  void erase(const Id& id) {
    if (size_ == 0) return;
    std::size_t hole = place_of(id);
    if (entries_[hole].id.is_nil()) return;
    --size_;
    // Those behind it that it was in the way of move up, so that a search never ends too early.
    for (std::size_t at = next(hole); !entries_[at].id.is_nil(); at = next(at)) {
      std::size_t away = (at - wanted(entries_[at].id)) & mask();
      if (away < ((at - hole) & mask())) continue;
      entries_[hole] = std::move(entries_[at]);
      hole = at;
    }
    entries_[hole] = {};
  }

  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }

 private:
  struct Entry {
    Id id;
    Value value{};
  };

  static constexpr std::size_t least = 16;  // a power of two

  std::size_t mask() const { return entries_.size() - 1; }
  std::size_t next(std::size_t place) const { return (place + 1) & mask(); }

  std::size_t wanted(const Id& id) const {
    std::uint64_t halves[2];
    std::memcpy(halves, id.bytes().data(), sizeof halves);
    std::uint64_t mixed = (halves[0] ^ secret_[0]) * (secret_[1] | 1);
    mixed = (mixed ^ mixed >> 32 ^ halves[1]) * 0xd6e8feb86659fd93;
    return static_cast<std::size_t>(mixed ^ mixed >> 32) & mask();
  }

  /// Where the id stands, or would.
  std::size_t place_of(const Id& id) const {
    std::size_t place = wanted(id);
    while (entries_[place].id != id && !entries_[place].id.is_nil()) place = next(place);
    return place;
  }

  void grow() {
    if (entries_.empty()) {
      Id secret = Id::random();
      std::memcpy(secret_, secret.bytes().data(), sizeof secret_);
    }
    std::vector<Entry> old(entries_.empty() ? least : 2 * entries_.size());
    old.swap(entries_);
    for (Entry& entry : old) {
      if (!entry.id.is_nil()) entries_[place_of(entry.id)] = std::move(entry);
    }
  }

  std::vector<Entry> entries_;  // half of them empty
  std::size_t size_ = 0;
  std::uint64_t secret_[2] = {};
};

}  // namespace shoal
