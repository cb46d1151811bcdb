#include <numeric>

#include <shoal/base/assert.hpp>
#include <shoal/base/scan.hpp>
#include <shoal/wire/batch.hpp>

namespace shoal::wire {

Batch Batch::slice(SeqRange part) const {
  if (part == range) return *this;
  SHOAL_ASSERT(framing != Framing::opaque);
  SHOAL_ASSERT(part.first >= range.first && part.end() <= range.end());
  Batch cut{.range = part, .framing = framing, .delimiter = delimiter};
  std::size_t skip = part.first - range.first;
  std::size_t from = 0;
  std::size_t to = payload.size();
  if (framing == Framing::lines) {
    from = find_nth(payload, delimiter, skip).end;
    if (part.end() < range.end()) {
      to = from + find_nth(payload.view().substr(from), delimiter, part.count).end;
    }
  } else {
    auto first = sizes.begin() + static_cast<std::ptrdiff_t>(skip);
    auto last = first + static_cast<std::ptrdiff_t>(part.count);
    from = std::accumulate(sizes.begin(), first, std::size_t{0});
    to = std::accumulate(first, last, from);
    cut.sizes.assign(first, last);
  }
  cut.payload = payload.slice(from, to - from);
  return cut;
}

void Batch::each_record(const std::function<void(Seq, std::string_view)>& each) const {
  std::string_view rest = payload;
  std::uint64_t records = framing == Framing::opaque ? 1 : range.count;
  for (std::uint64_t i = 0; i < records; ++i) {
    std::size_t size = rest.size();
    if (framing == Framing::lines) size = rest.find(delimiter) + 1;
    if (framing == Framing::sized) size = sizes[i];
    each(range.first + i, rest.substr(0, size));
    rest.remove_prefix(size);
  }
}

bool Batch::well_formed() const {
  constexpr std::uint64_t most = std::uint64_t{1} << 40;
  if (range.count == 0 || range.count > most || range.first > (std::uint64_t{1} << 62))
    return false;
  switch (framing) {
    case Framing::lines:
      return !payload.empty() && payload.view().back() == delimiter &&
             count_byte(payload, delimiter) == range.count;
    case Framing::sized:
      return sizes.size() == range.count &&
             std::accumulate(sizes.begin(), sizes.end(), std::size_t{0}) == payload.size();
    case Framing::opaque:
      return true;
  }
  return false;
}

Batch sized_record(Seq seq, Bytes payload) {
  Batch batch{.range = {seq, 1}, .framing = Framing::sized};
  batch.sizes = {static_cast<std::uint32_t>(payload.size())};
  batch.payload = std::move(payload);
  return batch;
}

std::optional<Batch> join(const std::vector<Batch>& batches) {
  SHOAL_ASSERT(!batches.empty());
  Batch whole = batches.front();
  if (batches.size() == 1) return whole;
  std::string payload(whole.payload.view());
  for (auto next = batches.begin() + 1; next != batches.end(); ++next) {
    bool follows = next->range.first == whole.range.end() && next->framing == whole.framing &&
                   next->delimiter == whole.delimiter && whole.framing != Framing::opaque;
    if (!follows) return std::nullopt;
    whole.range.count += next->range.count;
    whole.sizes.insert(whole.sizes.end(), next->sizes.begin(), next->sizes.end());
    payload += next->payload.view();
  }
  whole.payload = Bytes::take(std::move(payload));
  return whole;
}

std::string_view without_delimiter(std::string_view text, char delimiter) {
  if (!text.empty() && text.back() == delimiter) text.remove_suffix(1);
  return text;
}

}  // namespace shoal::wire
