#include <utility>

#include <shoal/base/assert.hpp>
#include <shoal/base/bytes.hpp>

namespace shoal {

Bytes Bytes::copy(std::string_view text) {
  return take(std::string(text));
}

Bytes Bytes::take(std::string&& text) {
  if (text.empty()) return {};
  auto owner = std::make_shared<const std::string>(std::move(text));
  std::string_view view = *owner;
  return Bytes(std::move(owner), view);
}

Bytes Bytes::slice(std::size_t offset, std::size_t length) const {
  SHOAL_ASSERT(offset <= size() && length <= size() - offset);
  if (length == 0) return {};
  return Bytes(owner_, view_.substr(offset, length));
}

}  // namespace shoal
