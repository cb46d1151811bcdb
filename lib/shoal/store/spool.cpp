#include <algorithm>
#include <array>
#include <cstdlib>
#include <iterator>

#include <shoal/base/assert.hpp>
#include <shoal/base/hash.hpp>
#include <shoal/store/format.hpp>
#include <shoal/store/spool.hpp>

namespace shoal::store {
namespace {

// Space is given back in blocks of this size: a multiple of every usual file system's own, and
// large enough that small slots do not cost a system call each.
constexpr std::uint64_t block = 64 * 1024;

using Header = std::array<char, spool_header_size>;

Header header_of(std::string_view bytes) {
  std::uint64_t hash = hash_of(bytes);
  Header header;
  for (std::size_t i = 0; i < header.size(); ++i) header[i] = static_cast<char>(hash >> (8 * i));
  return header;
}

std::uint64_t end_of(Spool::Slot slot) {
  return slot.offset + spool_header_size + slot.size;
}

std::filesystem::path temporary_directory() {
  const char* given = std::getenv("TMPDIR");
  return given != nullptr && *given != '\0' ? given : "/tmp";
}

Error damaged(const std::filesystem::path& path) {
  return Error((path.empty() ? "the temporary spool" : "the spool " + path.string()) +
                   " is damaged; restore it with its ledger from a copy, or begin the job anew",
               ExitCode::bad_data);
}

}  // namespace

Spool::Spool() : file_(File::unnamed(temporary_directory())) {}

Spool::Spool(std::filesystem::path path, const std::vector<Slot>& live)
    : file_(File::open(path)), path_(std::move(path)) {
  std::uint64_t size = file_.size();
  for (Slot slot : live) {
    bool inside = size >= spool_header_size && slot.offset <= size - spool_header_size &&
                  slot.size <= size - spool_header_size - slot.offset;
    if (!inside || !live_.emplace(slot.offset, end_of(slot)).second) throw damaged(path_);
    bytes_ += slot.size;
  }
  std::uint64_t from = 0;
  for (auto [offset, slot_end] : live_) {
    if (offset < from) throw damaged(path_);
    if (offset > from) release_around(from, offset);
    from = slot_end;
  }
  if (size > from) file_.truncate(from);
}

Spool::Slot Spool::put(std::string_view bytes) {
  Slot slot{end(), bytes.size()};
  Header header = header_of(bytes);
  // pwritev only reads what iov_base points to.
  std::array<iovec, 2> parts{
      {{header.data(), header.size()}, {const_cast<char*>(bytes.data()), bytes.size()}}};
  file_.write(slot.offset, parts);
  live_.emplace(slot.offset, end_of(slot));
  bytes_ += slot.size;
  return slot;
}

Bytes Spool::get(Slot slot) {
  SHOAL_ASSERT(find(slot) != live_.end());
  Bytes all = Bytes::take(file_.read(slot.offset, spool_header_size + slot.size));
  Bytes bytes = all.slice(spool_header_size, slot.size);
  Header header = header_of(bytes);
  if (all.view().substr(0, spool_header_size) != std::string_view(header.data(), header.size())) {
    throw damaged(path_);
  }
  return bytes;
}

void Spool::drop(Slot slot) {
  auto at = find(slot);
  SHOAL_ASSERT(at != live_.end());
  bool last = std::next(at) == live_.end();
  live_.erase(at);
  bytes_ -= slot.size;
  if (last) {
    file_.truncate(end());
  } else {
    release_around(slot.offset, end_of(slot));
  }
}

void Spool::sync() {
  file_.sync();
}

Spool::Live::iterator Spool::find(Slot slot) {
  auto at = live_.find(slot.offset);
  return at != live_.end() && at->second == end_of(slot) ? at : live_.end();
}

std::uint64_t Spool::end() const {
  return live_.empty() ? 0 : live_.rbegin()->second;
}

// Gives back every block that touches [from, to) and no live slot. Some live slot lies behind it.
void Spool::release_around(std::uint64_t from, std::uint64_t to) {
  auto next = live_.lower_bound(from);
  std::uint64_t before = next == live_.begin() ? 0 : std::prev(next)->second;
  std::uint64_t first = std::max(from / block, (before + block - 1) / block);
  std::uint64_t last = std::min((to + block - 1) / block, next->first / block);
  if (first < last) file_.release(first * block, last * block);
}

}  // namespace shoal::store
