#include <doctest/doctest.h>

#include <shoal/base/base64.hpp>
#include <shoal/base/utf8.hpp>

using namespace shoal;

TEST_CASE("utf8: what is UTF-8 and what is not (RFC 3629)") {
  CHECK(is_utf8(""));
  CHECK(is_utf8("plain"));
  CHECK(
      is_utf8("\x7f\xc2\x80 \xdf\xbf \xe0\xa0\x80 \xef\xbf\xbf \xf0\x90\x80\x80 \xf4\x8f\xbf\xbf"));
  CHECK_FALSE(is_utf8("\x80"));              // a continuation without a start
  CHECK_FALSE(is_utf8("\xc2"));              // cut short
  CHECK_FALSE(is_utf8("\xe2\x82"));          // cut short
  CHECK_FALSE(is_utf8("\xc0\xaf"));          // overlong
  CHECK_FALSE(is_utf8("\xe0\x80\xaf"));      // overlong
  CHECK_FALSE(is_utf8("\xed\xa0\x80"));      // a surrogate
  CHECK_FALSE(is_utf8("\xf4\x90\x80\x80"));  // past the last code point
  CHECK_FALSE(is_utf8("\xff"));
}

TEST_CASE("utf8: code points come off one by one") {
  std::string_view text = "a\xe2\x82\xac\xff";
  CHECK(take_code_point(text) == U'a');
  CHECK(take_code_point(text) == U'\u20ac');
  CHECK_FALSE(take_code_point(text).has_value());
  CHECK(text.empty());
}

TEST_CASE("utf8: printable text cannot command a terminal") {
  CHECK(printable("caf\xc3\xa9\tx \\n") == "caf\xc3\xa9\tx \\n");
  CHECK(printable("\x1b[31m") == "\\x1b[31m");
  CHECK(printable("a\r\nb") == "a\\x0d\\nb");
  CHECK(printable(std::string_view("\0", 1)) == "\\x00");
  CHECK(printable("\x7f") == "\\x7f");
  CHECK(printable("\xc2\x9b") == "\\u009b");
  CHECK(printable("\xe2\x80\xae") == "\\u202e");
  CHECK(printable("\xe2\x81\xa6") == "\\u2066");
  CHECK(printable("\xff\xfe") == "\\xff\\xfe");
}

TEST_CASE("base64: RFC 4648's examples, both ways") {
  const std::pair<const char*, const char*> pairs[] = {{"", ""},
                                                       {"f", "Zg=="},
                                                       {"fo", "Zm8="},
                                                       {"foo", "Zm9v"},
                                                       {"foob", "Zm9vYg=="},
                                                       {"fooba", "Zm9vYmE="},
                                                       {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : pairs) {
    CHECK(to_base64(bytes) == text);
    CHECK(from_base64(text) == bytes);
  }
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  CHECK(from_base64(to_base64(all)) == all);
}

TEST_CASE("base64: nothing but what to_base64 writes is taken") {
  for (const char* bad :
       {"Zg", "Zg=", "Z===", "Zh==", "Zg==Zg==", "Zm 9", "====", "Zm9\n", "=Zg="}) {
    CHECK_FALSE(from_base64(bad).has_value());
  }
}
