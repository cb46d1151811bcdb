#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace shoal {

/// Immutable bytes whose storage is shared: copying and slicing cost a reference count, not a copy,
/// so one block read from stdin can stand in many messages and be kept for redelivery. A slice
/// keeps its whole block alive. The reference count is atomic: libzmq lets go from its own thread.
class Bytes {
 public:
  Bytes() = default;

  /// `view` within storage that `owner` keeps alive and unchanged.
  Bytes(std::shared_ptr<const void> owner, std::string_view view)
      : owner_(std::move(owner)), view_(view) {}

  /// Bytes of their own, copied from `text`.
  static Bytes copy(std::string_view text);

  /// Bytes that take `text` over without a copy.
  static Bytes take(std::string&& text);

  const char* data() const noexcept { return view_.data(); }
  std::size_t size() const noexcept { return view_.size(); }
  bool empty() const noexcept { return view_.empty(); }
  std::string_view view() const noexcept { return view_; }
  operator std::string_view() const noexcept { return view_; }

  /// The `length` bytes from `offset`, sharing storage. Asserts that they lie within.
  Bytes slice(std::size_t offset, std::size_t length) const;

  /// What keeps the storage alive; empty for no bytes.
  const std::shared_ptr<const void>& owner() const noexcept { return owner_; }

  friend bool operator==(const Bytes& a, const Bytes& b) noexcept { return a.view_ == b.view_; }

 private:
  std::shared_ptr<const void> owner_;
  std::string_view view_;
};

}  // namespace shoal
