#pragma once

#include <string>
#include <vector>

#include <shoal/app/about.hpp>
#include <shoal/app/declaration.hpp>

namespace shoal::app {

/// The widest line of a help page, in columns.
inline constexpr std::size_t help_width = 100;

/// The whole help page of a node: usage, summary, options by group in the order declared, examples,
/// and exit statuses.
std::string help_page(const About& about, const std::vector<Declaration>& declarations);

/// `text` broken into lines at blanks: each begins at column `indent`, the first excepted, for
/// which `column` columns are taken already, and none passes `help_width` unless a word alone does.
std::string wrapped(std::string_view text, std::size_t column, std::size_t indent);

}  // namespace shoal::app
