#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace shoal {

/// `bytes` in base64 with padding (RFC 4648, section 4).
std::string to_base64(std::string_view bytes);

/// The bytes that `text` stands for; nothing for anything that to_base64 does not write.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace shoal
