#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>

#include <shoal/base/assert.hpp>

namespace shoal {

/// Why something that may well fail in a healthy run did: a line for people.
struct Failure {
  std::string reason;
};

/// A value, or the reason there is none. For outcomes that a healthy run meets, such as a malformed
/// message or an endpoint that does not parse; programmer errors assert and constructors throw.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : content_(std::move(value)) {}
  Result(Failure failure) : content_(std::move(failure)) {}

  explicit operator bool() const noexcept { return std::holds_alternative<T>(content_); }

  /// The value; asserts that there is one.
  T& value() & {
    SHOAL_ASSERT(*this);
    return std::get<T>(content_);
  }
  const T& value() const& {
    SHOAL_ASSERT(*this);
    return std::get<T>(content_);
  }
  T&& value() && {
    SHOAL_ASSERT(*this);
    return std::get<T>(std::move(content_));
  }

  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  /// Why there is no value; asserts that there is none.
  const std::string& reason() const {
    SHOAL_ASSERT(!*this);
    return std::get<Failure>(content_).reason;
  }

 private:
  std::variant<T, Failure> content_;
};

}  // namespace shoal
