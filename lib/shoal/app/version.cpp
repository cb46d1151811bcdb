#include <shoal/app/version.hpp>

namespace shoal::app {

std::string_view version() {
  return SHOAL_VERSION;
}

}  // namespace shoal::app
