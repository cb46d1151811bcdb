#pragma once

#include <string>
#include <vector>

#include <shoal/wire/json_line.hpp>

namespace shoal::app {

/// The values of -H/--header, `KEY:VALUE` each, with blanks around key and value dropped. Throws
/// Error (usage) for one without a colon or a key, and for more than a message holds.
wire::Headers parse_headers(const std::vector<std::string>& texts);

}  // namespace shoal::app
