#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// What a file NAME_fuzz.cpp gives: one decoder that takes bytes nobody vouches for. Linked with
/// replay.cpp it becomes the test fuzz_NAME, with clang's libFuzzer (SHOAL_FUZZER) a fuzzer.

/// Decodes `data`; aborts when a promise of the decoder does not hold. Always returns 0.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace shoal::fuzz {

/// Inputs that the decoder takes, made by the encoder: replay.cpp cuts and changes them.
std::vector<std::string> valid_inputs();

/// How many changed inputs a replay tries: fewer where each costs a file.
std::size_t replayed_mutations();

inline constexpr std::size_t usual_mutations = 100'000;

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

}  // namespace shoal::fuzz
