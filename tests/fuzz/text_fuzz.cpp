// Text of peers on its way to a terminal, and base64.

#include <algorithm>

#include <shoal/base/assert.hpp>
#include <shoal/base/base64.hpp>
#include <shoal/base/utf8.hpp>

#include "target.hpp"

using namespace shoal;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text = fuzz::text_of(data, size);
  const std::string safe = printable(text);
  SHOAL_ASSERT(is_utf8(safe));
  SHOAL_ASSERT(std::none_of(safe.begin(), safe.end(), [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == '\x7f';
  }));
  SHOAL_ASSERT(from_base64(to_base64(text)) == text);
  if (auto bytes = from_base64(text)) SHOAL_ASSERT(to_base64(*bytes) == text);
  return 0;
}

std::vector<std::string> fuzz::valid_inputs() {
  return {"plain",
          "\xe2\x82\xac \xf0\x9f\x90\x9f",
          "\x1b[31mred\x1b[0m\r\n",
          "\xe2\x80\xae",
          "YWJj",
          "YWI=",
          "YQ=="};
}

std::size_t fuzz::replayed_mutations() {
  return usual_mutations;
}
