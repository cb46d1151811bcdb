#include <shoal/app/header_options.hpp>
#include <shoal/base/error.hpp>

namespace shoal::app {
namespace {

constexpr std::size_t most_headers = 64;
constexpr std::size_t most_bytes = 60UL << 10;

std::string trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return std::string(text);
}

}  // namespace

wire::Headers parse_headers(const std::vector<std::string>& texts) {
  wire::Headers headers;
  std::size_t bytes = 0;
  for (const std::string& text : texts) {
    std::size_t colon = text.find(':');
    std::string key = trimmed(std::string_view(text).substr(0, colon));
    if (colon == std::string::npos || key.empty()) {
      throw Error("--header " + text + ": write KEY:VALUE", ExitCode::usage);
    }
    bytes += text.size();
    headers[key] = trimmed(std::string_view(text).substr(colon + 1));
  }
  if (headers.size() > most_headers || bytes > most_bytes) {
    throw Error("--header: at most 64 headers, 60K in all", ExitCode::usage);
  }
  return headers;
}

}  // namespace shoal::app
