#include <algorithm>
#include <limits>
#include <optional>

#include <shoal/base/assert.hpp>
#include <shoal/base/seq_set.hpp>
#include <shoal/base/varint.hpp>

namespace shoal {

SeqRange intersect(SeqRange a, SeqRange b) {
  Seq first = std::max(a.first, b.first);
  Seq end = std::min(a.end(), b.end());
  return {first, end > first ? end - first : 0};
}

SeqSet::Ranges::const_iterator SeqSet::first_ending_after(Seq seq) const {
  auto next = ranges_.upper_bound(seq);
  if (next != ranges_.begin() && std::prev(next)->second > seq) return std::prev(next);
  return next;
}

std::uint64_t SeqSet::insert(SeqRange range) {
  if (range.count == 0) return 0;
  SHOAL_ASSERT(range.count <= std::numeric_limits<Seq>::max() - range.first);
  Seq first = range.first;
  Seq end = range.end();
  std::uint64_t had = 0;
  auto at = ranges_.upper_bound(first);
  if (at != ranges_.begin() && std::prev(at)->second >= first) --at;
  while (at != ranges_.end() && at->first <= end) {
    had += intersect(range, {at->first, at->second - at->first}).count;
    first = std::min(first, at->first);
    end = std::max(end, at->second);
    at = ranges_.erase(at);
  }
  ranges_.emplace_hint(at, first, end);
  count_ += range.count - had;
  return range.count - had;
}

std::uint64_t SeqSet::erase(SeqRange range) {
  std::vector<SeqRange> gone = present(range);
  std::uint64_t erased = 0;
  for (SeqRange part : gone) {
    auto at = std::prev(ranges_.upper_bound(part.first));
    auto [first, end] = *at;
    ranges_.erase(at);
    if (first < part.first) ranges_.emplace(first, part.first);
    if (part.end() < end) ranges_.emplace(part.end(), end);
    erased += part.count;
  }
  count_ -= erased;
  return erased;
}

bool SeqSet::contains(Seq seq) const {
  return contains(SeqRange{seq, 1});
}

bool SeqSet::contains(SeqRange range) const {
  if (range.count == 0) return true;
  auto at = first_ending_after(range.first);
  return at != ranges_.end() && at->first <= range.first && at->second >= range.end();
}

std::vector<SeqRange> SeqSet::missing(SeqRange range) const {
  std::vector<SeqRange> gaps;
  Seq from = range.first;
  for (SeqRange part : present(range)) {
    if (part.first > from) gaps.push_back({from, part.first - from});
    from = part.end();
  }
  if (from < range.end()) gaps.push_back({from, range.end() - from});
  return gaps;
}

std::vector<SeqRange> SeqSet::present(SeqRange range) const {
  std::vector<SeqRange> parts;
  for (auto at = first_ending_after(range.first); at != ranges_.end() && at->first < range.end();
       ++at) {
    SeqRange part = intersect(range, {at->first, at->second - at->first});
    if (part.count > 0) parts.push_back(part);
  }
  return parts;
}

Seq SeqSet::first_missing(Seq from) const {
  auto at = first_ending_after(from);
  return at != ranges_.end() && at->first <= from ? at->second : from;
}

std::vector<SeqRange> SeqSet::ranges() const {
  std::vector<SeqRange> all;
  for (auto [first, end] : ranges_) all.push_back({first, end - first});
  return all;
}

std::string SeqSet::encode() const {
  std::string out;
  Seq from = 0;
  for (auto [first, end] : ranges_) {
    put_varint(out, first - from);
    put_varint(out, end - first);
    from = end;
  }
  return out;
}

Result<SeqSet> SeqSet::decode(std::string_view bytes) {
  SeqSet set;
  Seq from = 0;
  while (!bytes.empty()) {
    std::optional<std::uint64_t> gap = take_varint(bytes);
    std::optional<std::uint64_t> count = gap ? take_varint(bytes) : std::nullopt;
    constexpr Seq limit = std::numeric_limits<Seq>::max() / 4;
    bool touching = gap && *gap == 0 && !set.empty();
    if (!count || *count == 0 || touching || *gap > limit || *count > limit || from > limit) {
      return Failure{"a set of numbers is damaged"};
    }
    set.insert({from + *gap, *count});
    from += *gap + *count;
  }
  return set;
}

}  // namespace shoal
