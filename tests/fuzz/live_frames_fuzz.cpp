// The frames beside a live message: its header, and the totals of a mark. An input is either.

#include <shoal/base/assert.hpp>
#include <shoal/wire/live_frames.hpp>

#include "target.hpp"

using namespace shoal;
using namespace shoal::wire;
using namespace shoal::wire::live;

namespace {

void use(const Header& header) {
  SHOAL_ASSERT(!header.publisher.is_nil() && header.epoch <= most_number);
  SHOAL_ASSERT(!header.seq || *header.seq <= most_number);
  SHOAL_ASSERT(headers_fit(header.headers));
}

/// What has been read can be written, and says the same.
void use(const std::vector<Total>& totals) {
  std::vector<Total> again;
  for (const std::string& frame : encode_totals(totals)) {
    Result<std::vector<Total>> part = decode_totals(frame);
    SHOAL_ASSERT(part);
    again.insert(again.end(), part->begin(), part->end());
  }
  SHOAL_ASSERT(again == totals);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view frame = fuzz::text_of(data, size);
  if (std::optional<Header> header = decode_header(frame)) use(*header);
  if (Result<std::vector<Total>> totals = decode_totals(frame)) use(*totals);
  return 0;
}

std::vector<std::string> fuzz::valid_inputs() {
  HeaderWriter writer(Id::of_name("publisher"), 3);
  std::vector<std::string> inputs{writer.mark(false), writer.mark(true)};
  writer.write(0, 0, {}, inputs.emplace_back());
  writer.write(1ULL << 40U, 1'700'000'000'000'000'000, {{"key", "value"}, {"", ""}},
               inputs.emplace_back());
  for (const std::string& frame :
       encode_totals({{"", 1}, {"topic", 1ULL << 40U}, {std::string(255, 't'), 0}})) {
    inputs.push_back(frame);
  }
  return inputs;
}

std::size_t fuzz::replayed_mutations() {
  return usual_mutations;
}
