#pragma once

#include <vector>

#include <shoal/web/web_server.hpp>

namespace shoal::nodes {

/// The files of the page, built into the executable from web/.
std::vector<web::WebFile> web_files();

}  // namespace shoal::nodes
