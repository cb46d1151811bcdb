#pragma once

#include <string>
#include <vector>

#include <shoal/app/about.hpp>
#include <shoal/app/declaration.hpp>

namespace shoal::app {

/// The manual page of a node in the roff of man(7), section 1: the same content as its help page.
/// Without a name it is the page of `shoal` itself.
std::string man_page(const About& about, const std::vector<Declaration>& declarations);

}  // namespace shoal::app
