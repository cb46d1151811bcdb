#pragma once

#include <array>
#include <cstddef>
#include <new>

namespace shoal {

/// Pieces of memory that were let go and wait to be used again, by size. Thousands of short-lived
/// nodes a moment, all let go before the first is needed again, are more than malloc is quick at.
/// What a burst needed is kept for the next one. Each thread has its own.
class Recycler {
 public:
  static void* take(std::size_t bytes) {
    Piece*& first = first_of(bytes);
    if (first == nullptr) return ::operator new(rounded(bytes));
    Piece* taken = first;
    first = taken->next;
    return taken;
  }

  static void give(void* memory, std::size_t bytes) noexcept {
    Piece*& first = first_of(bytes);
    first = new (memory) Piece{first};
  }

  /// The largest piece that is kept.
  static constexpr std::size_t most = 1024;

 private:
  struct Piece {
    Piece* next;
  };
  static constexpr std::size_t step = 16;

  static constexpr std::size_t rounded(std::size_t bytes) {
    return (bytes + step - 1) / step * step;
  }

  static Piece*& first_of(std::size_t bytes) {
    // Never destroyed: whoever outlives it may still give something back.
    static thread_local constinit std::array<Piece*, most / step + 1> firsts{};
    return firsts[rounded(bytes) / step];
  }
};

/// A standard allocator over the Recycler, for the nodes of containers that come and go with every
/// request. Under the address sanitizer it recycles nothing, for that would hide mistakes.
template <typename T>
struct Recycling {
  using value_type = T;

  Recycling() = default;
  template <typename U>
  Recycling(const Recycling<U>&) {}

  T* allocate(std::size_t count) {
    static_assert(alignof(T) <= __STDCPP_DEFAULT_NEW_ALIGNMENT__);
    return static_cast<T*>(recycles(count) ? Recycler::take(count * sizeof(T))
                                           : ::operator new(count * sizeof(T)));
  }

  void deallocate(T* memory, std::size_t count) noexcept {
    if (recycles(count)) {
      Recycler::give(memory, count * sizeof(T));
    } else {
      ::operator delete(memory);
    }
  }

  template <typename U>
  bool operator==(const Recycling<U>&) const {
    return true;
  }

 private:
  static constexpr bool recycles([[maybe_unused]] std::size_t count) {
#ifdef __SANITIZE_ADDRESS__
    return false;
#else
    return count <= Recycler::most / sizeof(T);
#endif
  }
};

}  // namespace shoal
