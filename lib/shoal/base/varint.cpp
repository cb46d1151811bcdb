#include <shoal/base/varint.hpp>

namespace shoal {

void put_varint(std::string& out, std::uint64_t value) {
  while (value >= 0x80) {
    out += static_cast<char>(value | 0x80);
    value >>= 7;
  }
  out += static_cast<char>(value);
}

std::optional<std::uint64_t> take_varint(std::string_view& in) {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 63 && !in.empty(); shift += 7) {
    auto byte = static_cast<std::uint8_t>(in.front());
    in.remove_prefix(1);
    value |= std::uint64_t{byte & 0x7fU} << shift;
    if (byte == 0 && shift > 0) return std::nullopt;  // longer than it need be
    if (byte < 0x80) return value;
  }
  return std::nullopt;
}

void put_sized(std::string& out, std::string_view text) {
  put_varint(out, text.size());
  out += text;
}

std::optional<std::string_view> take_sized(std::string_view& in) {
  std::optional<std::uint64_t> size = take_varint(in);
  if (!size || *size > in.size()) return std::nullopt;
  std::string_view text = in.substr(0, *size);
  in.remove_prefix(*size);
  return text;
}

}  // namespace shoal
