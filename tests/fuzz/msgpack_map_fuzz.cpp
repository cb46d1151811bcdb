// The map that is the head of every message.

#include <array>

#include <shoal/base/assert.hpp>
#include <shoal/wire/msgpack_map.hpp>

#include "target.hpp"

using namespace shoal;
using namespace shoal::wire;

namespace {

constexpr std::array keys{"type", "number", "flag", "raw", ""};

bool within(std::string_view whole, std::string_view part) {
  return part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view raw = fuzz::text_of(data, size);
  Result<MapReader> map = MapReader::parse(raw);
  if (!map) return 0;
  for (const char* key : keys) {
    (void)map->number(key);
    (void)map->flag(key);
    if (auto text = map->text(key)) SHOAL_ASSERT(text->empty() || within(raw, *text));
    if (auto bytes = map->bytes(key)) SHOAL_ASSERT(bytes->empty() || within(raw, *bytes));
  }
  return 0;
}

std::vector<std::string> fuzz::valid_inputs() {
  MapWriter small;
  small.put_text("type", "job");
  MapWriter full;
  full.put_text("type", "tasks");
  full.put("number", std::uint64_t{1} << 40);
  full.put("flag", true);
  full.put_bytes("raw", std::string(300, '\xff'));
  full.put_text("", "no key");
  return {std::string(small.take().view()), std::string(full.take().view())};
}

std::size_t fuzz::replayed_mutations() {
  return usual_mutations;
}
