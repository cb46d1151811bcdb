#include <shoal/base/assert.hpp>
#include <shoal/base/varint.hpp>
#include <shoal/wire/headers.hpp>

namespace shoal::wire {
namespace {

std::string encode(const Headers& headers) {
  std::string raw;
  for (const auto& [key, value] : headers) {
    put_sized(raw, key);
    put_sized(raw, value);
  }
  return raw;
}

bool fits(std::size_t count, std::string_view raw) {
  return count <= most_headers && raw.size() <= most_headers_bytes;
}

}  // namespace

bool headers_fit(const Headers& headers) {
  return headers.empty() || fits(headers.size(), encode(headers));
}

std::string encode_headers(const Headers& headers) {
  std::string raw = encode(headers);
  SHOAL_ASSERT(fits(headers.size(), raw));
  return raw;
}

std::optional<Headers> decode_headers(std::string_view raw) {
  Headers headers;
  if (!fits(0, raw)) return std::nullopt;
  for (std::size_t count = 1; !raw.empty(); ++count) {
    std::optional<std::string_view> key = take_sized(raw);
    std::optional<std::string_view> value = key ? take_sized(raw) : std::nullopt;
    if (!value || !fits(count, raw)) return std::nullopt;
    headers.insert_or_assign(std::string(*key), std::string(*value));
  }
  return headers;
}

}  // namespace shoal::wire
