#pragma once

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <shoal/wire/message.hpp>

namespace shoal::test {

/// What the decoder of a pattern's messages must live through with `valid` ones: each truncation of
/// a head, an octet behind it, and flipped octets, which are refused or read, and never more.
template <typename Decode>
void check_broken_heads(const std::vector<wire::Message>& valid, Decode decode) {
  int refused = 0;
  for (const wire::Message& message : valid) {
    for (std::size_t size = 0; size < message.head.size(); ++size) {
      CHECK_FALSE(decode({message.head.slice(0, size), message.body}));
    }
    std::string head(message.head.view());
    CHECK_FALSE(decode({Bytes::copy(head + '\0'), message.body}));
    for (char& octet : head) {
      const char was = octet;
      for (int flip : {0x01, 0x80, 0xff}) {
        octet = static_cast<char>(was ^ flip);
        if (!decode({Bytes::copy(head), message.body})) ++refused;
      }
      octet = was;
    }
  }
  CHECK(refused > 100);
}

/// Lengths that lie, nesting without end, and a type that there is not.
template <typename Decode>
void check_bombs(Decode decode) {
  CHECK_FALSE(decode({Bytes::copy("\xdd\xff\xff\xff\xfe"), {}}));
  CHECK_FALSE(decode({Bytes::copy("\xdf\xff\xff\xff\xfe"), {}}));
  CHECK_FALSE(decode({Bytes::take(std::string(1'000'000, '\x91')), {}}));
  auto unknown = decode({Bytes::copy("\x81\xa4type\xa8nonsense"), {}});
  REQUIRE_FALSE(unknown);
  CHECK(unknown.reason() == "unknown message");
}

/// What encode() makes of each.
template <typename Any>
std::vector<wire::Message> encoded(const std::vector<Any>& messages) {
  std::vector<wire::Message> all;
  for (const Any& message : messages) all.push_back(encode(message));
  return all;
}

}  // namespace shoal::test
