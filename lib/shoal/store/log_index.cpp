#include <algorithm>
#include <iterator>

#include <xxhash.h>

#include <shoal/base/little_endian.hpp>
#include <shoal/store/log_index.hpp>

namespace shoal::store {
namespace {

constexpr std::size_t head_size = 40;
constexpr std::size_t entry_size = 24;
constexpr std::size_t hash_size = 8;

}  // namespace

void LogIndex::note(const RecordView& record, std::uint64_t position) {
  std::uint64_t last = entries_.empty() ? log_segment_header_size : entries_.back().position;
  if (position - last >= log_index_step) {
    entries_.push_back({record.offset, record.time, position});
  }
  end_ = record.offset + 1;
  size_ = position + record.size;
}

LogIndex::Entry LogIndex::at_or_before(Offset offset) const {
  auto behind = std::ranges::upper_bound(entries_, offset, {}, &Entry::offset);
  if (behind == entries_.begin()) return {base_, 0, log_segment_header_size};
  return *std::prev(behind);
}

LogIndex::Entry LogIndex::before_time(UnixTime time) const {
  auto behind = std::ranges::lower_bound(entries_, time, {}, &Entry::time);
  if (behind == entries_.begin()) return {base_, 0, log_segment_header_size};
  return *std::prev(behind);
}

std::string LogIndex::encode() const {
  std::string out(log_index_magic);
  put_number(out, log_format);
  put_number(out, std::uint32_t{0});
  put_number(out, base_);
  put_number(out, end_);
  put_number(out, size_);
  for (const Entry& entry : entries_) {
    put_number(out, entry.offset);
    put_number(out, entry.time);
    put_number(out, entry.position);
  }
  put_number(out, std::uint64_t{XXH3_64bits(out.data(), out.size())});
  return out;
}

std::optional<LogIndex> LogIndex::decode(std::string_view bytes, Offset base) {
  bool sizes = bytes.size() >= head_size + hash_size &&
               (bytes.size() - head_size - hash_size) % entry_size == 0;
  if (!sizes || !bytes.starts_with(log_index_magic)) return std::nullopt;
  std::size_t content = bytes.size() - hash_size;
  bool whole = get_number<std::uint64_t>(bytes, content) == XXH3_64bits(bytes.data(), content);
  bool ours = get_number<std::uint32_t>(bytes, 8) == log_format &&
              get_number<std::uint64_t>(bytes, 16) == base;
  if (!whole || !ours) return std::nullopt;
  LogIndex index(base);
  index.end_ = get_number<Offset>(bytes, 24);
  index.size_ = get_number<std::uint64_t>(bytes, 32);
  for (std::size_t at = head_size; at < content; at += entry_size) {
    index.entries_.push_back({get_number<Offset>(bytes, at), get_number<UnixTime>(bytes, at + 8),
                              get_number<std::uint64_t>(bytes, at + 16)});
  }
  return index;
}

}  // namespace shoal::store
