#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace shoal {

/// Appends `value`, at most 2^63 - 1, in LEB128: seven bits an octet, the lowest first.
void put_varint(std::string& out, std::uint64_t value);

/// Takes one off `in`. Nothing where it is cut short, above 2^63 - 1, or longer than it need be.
std::optional<std::uint64_t> take_varint(std::string_view& in);

/// Appends `text` with its length before it, and takes it off again; nothing where it is cut short.
void put_sized(std::string& out, std::string_view text);
std::optional<std::string_view> take_sized(std::string_view& in);

}  // namespace shoal
