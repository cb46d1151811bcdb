#include <cstdio>

#include <shoal/base/assert.hpp>
#include <shoal/base/utf8.hpp>

namespace shoal {
namespace {

bool is_unsafe(char32_t code) {
  if (code < 0x20) return code != '\t';
  return (code >= 0x7f && code <= 0x9f) || code == 0x61c || code == 0x200e || code == 0x200f ||
         (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

void append_escape(std::string& out, char32_t code) {
  if (code == '\n') {
    out += "\\n";
    return;
  }
  char escape[16];
  std::snprintf(escape, sizeof escape, code < 0x80 ? "\\x%02x" : "\\u%04x",
                static_cast<unsigned>(code));
  out += escape;
}

}  // namespace

std::optional<char32_t> take_code_point(std::string_view& text) {
  SHOAL_ASSERT(!text.empty());
  const auto first = static_cast<unsigned char>(text.front());
  std::size_t length = first < 0x80             ? 1
                       : (first & 0xe0) == 0xc0 ? 2
                       : (first & 0xf0) == 0xe0 ? 3
                       : (first & 0xf8) == 0xf0 ? 4
                                                : 0;
  constexpr char32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  char32_t code = length == 1 ? first : first & (0x7fu >> length);
  bool good = length != 0 && length <= text.size();
  for (std::size_t i = 1; good && i < length; ++i) {
    const auto next = static_cast<unsigned char>(text[i]);
    good = (next & 0xc0) == 0x80;
    code = (code << 6) | (next & 0x3fu);
  }
  good = good && code >= least[length] && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
  text.remove_prefix(good ? length : 1);
  if (!good) return std::nullopt;
  return code;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    if (!take_code_point(text)) return false;
  }
  return true;
}

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::string_view before = text;
    std::optional<char32_t> code = take_code_point(text);
    if (!code) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\x%02x",
                    static_cast<unsigned>(static_cast<unsigned char>(before.front())));
      out += escape;
    } else if (is_unsafe(*code)) {
      append_escape(out, *code);
    } else {
      out += before.substr(0, before.size() - text.size());
    }
  }
  return out;
}

}  // namespace shoal
