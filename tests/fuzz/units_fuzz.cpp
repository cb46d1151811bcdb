// Durations and sizes.

#include <shoal/base/assert.hpp>
#include <shoal/base/units.hpp>

#include "target.hpp"

using namespace shoal;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text = fuzz::text_of(data, size);
  if (Result<Duration> duration = parse_duration(text)) {
    SHOAL_ASSERT(*duration >= Duration::zero());
    SHOAL_ASSERT(parse_duration(format_duration(*duration)));
  }
  if (Result<std::uint64_t> bytes = parse_size(text)) (void)format_size(*bytes);
  return 0;
}

std::vector<std::string> fuzz::valid_inputs() {
  return {"250ms", "30s", "1h30m", "1.5s", "1d2h3m4s5ms6us7ns", "0", "64K", "1.5MiB", "16EB"};
}

std::size_t fuzz::replayed_mutations() {
  return usual_mutations;
}
