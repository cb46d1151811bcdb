#pragma once

#include <shoal/base/assert.hpp>
#include <shoal/base/result.hpp>
#include <shoal/wire/message.hpp>

#include "target.hpp"

namespace shoal::fuzz {

/// A message of a pattern as an input: the size of the head (2 octets, little-endian), the head,
/// and the body.
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

/// What encode() makes of each, as inputs.
template <typename Any>
std::vector<std::string> inputs_of(const std::vector<Any>& messages) {
  std::vector<std::string> inputs;
  for (const Any& message : messages) inputs.push_back(input_of(encode(message)));
  return inputs;
}

/// What has been read can be written, and reads as the same kind of message.
template <typename Any, typename Decode>
void check_reads_back(const Any& message, Decode decode) {
  Result<Any> again = decode(encode(message));
  SHOAL_ASSERT(again && again->index() == message.index());
}

}  // namespace shoal::fuzz
