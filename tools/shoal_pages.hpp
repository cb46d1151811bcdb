#pragma once

#include <string>

#include <shoal/app/completion.hpp>

namespace shoal::tool {

/// What `shoal help` prints.
std::string help_text();

/// shoal(1), in roff.
std::string own_man_page();

/// The completion script of `shoal`. Asks every node that is installed for its options. Throws
/// Error when one does not answer.
std::string completion(const std::string& shell);

}  // namespace shoal::tool
