#include <cerrno>
#include <unistd.h>

#include <shoal/app/print.hpp>
#include <shoal/base/error.hpp>

namespace shoal::app {

void print(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(STDOUT_FILENO, text.data(), text.size());
    if (written >= 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EPIPE) {
      return;
    } else if (errno != EINTR) {
      throw system_error("cannot write to stdout");
    }
  }
}

}  // namespace shoal::app
