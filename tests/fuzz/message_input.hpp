#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <shoal/wire/message.hpp>

/// Messages as inputs: the size of the head (2 octets, little-endian), the head, and the body.
namespace shoal::fuzz {

inline std::string input_of(const wire::Message& message) {
  std::size_t size = message.head.size();
  std::string input{static_cast<char>(size & 0xff), static_cast<char>(size >> 8)};
  return input.append(message.head.view()).append(message.body.view());
}

inline wire::Message message_of(std::string_view input) {
  if (input.size() < 2) return {};
  std::size_t size = static_cast<unsigned char>(input[0]) |
                     static_cast<std::size_t>(static_cast<unsigned char>(input[1])) << 8;
  input.remove_prefix(2);
  std::string_view head = input.substr(0, size);
  return {Bytes::copy(head), Bytes::copy(input.substr(head.size()))};
}

}  // namespace shoal::fuzz
