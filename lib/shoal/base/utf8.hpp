#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace shoal {

/// Takes the first code point off `text` (RFC 3629: no overlong forms, no surrogates). Where the
/// bytes are not UTF-8 it takes one byte and returns nothing. `text` must not be empty.
std::optional<char32_t> take_code_point(std::string_view& text);

/// Whether all of `text` is UTF-8.
bool is_utf8(std::string_view text);

/// `text` made safe for one line on a terminal: control characters (C0 but tab, DEL, C1), line and
/// paragraph separators, bidirectional overrides and bytes that are not UTF-8 are written as
/// escapes such as `\x1b`, `\n` and `\u202e`.
std::string printable(std::string_view text);

}  // namespace shoal
