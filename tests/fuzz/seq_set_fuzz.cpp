// Number sets, as messages and ledgers hold them.

#include <shoal/base/assert.hpp>
#include <shoal/base/seq_set.hpp>

#include "target.hpp"

using namespace shoal;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view bytes = fuzz::text_of(data, size);
  Result<SeqSet> set = SeqSet::decode(bytes);
  if (!set) return 0;
  SHOAL_ASSERT(*SeqSet::decode(set->encode()) == *set);
  std::uint64_t count = 0;
  for (SeqRange range : set->ranges()) {
    SHOAL_ASSERT(set->contains(range) && !set->contains(range.end()));
    count += range.count;
  }
  SHOAL_ASSERT(count == set->count());
  return 0;
}

std::vector<std::string> fuzz::valid_inputs() {
  SeqSet wide;
  wide.insert({0, 1});
  wide.insert({5, 300});
  wide.insert({std::uint64_t{1} << 40, 7});
  SeqSet gaps;
  for (Seq seq = 0; seq < 400; seq += 2) gaps.insert({seq, 1});
  return {wide.encode(), gaps.encode()};
}

std::size_t fuzz::replayed_mutations() {
  return usual_mutations;
}
