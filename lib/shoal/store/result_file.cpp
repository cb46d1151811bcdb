#include <utility>

#include <shoal/store/result_file.hpp>

namespace shoal::store {
namespace {

// So much is written while it is still in the processor's cache, and holds no more memory.
constexpr std::uint64_t most_queued = 1UL << 20;

Error too_short(const std::filesystem::path& path, std::uint64_t has, std::uint64_t committed) {
  return Error(path.string() + " has " + std::to_string(has) + " bytes where its ledger counts " +
                   std::to_string(committed) +
                   "; put the whole file back, or move file and ledger away to begin anew",
               ExitCode::bad_data);
}

File open_output(const std::filesystem::path& path, std::uint64_t committed) {
  // Before the file is created, so that a wrong directory is not littered with empty files.
  if (committed > 0 && !std::filesystem::exists(path)) throw too_short(path, 0, committed);
  File file = File::open(path);
  file.lock();
  return file;
}

}  // namespace

ResultFile::ResultFile(std::filesystem::path path, std::uint64_t committed)
    : file_(open_output(path, committed)), written_(committed) {
  std::uint64_t size = file_.size();
  if (size < committed) throw too_short(path, size, committed);
  cut_ = size - committed;
  if (cut_ > 0) file_.truncate(committed);
}

void ResultFile::append(Bytes bytes) {
  if (bytes.empty()) return;
  queued_ += bytes.size();
  queue_.push_back(std::move(bytes));
  if (queued_ >= most_queued) flush();
}

void ResultFile::flush() {
  if (queue_.empty()) return;
  std::vector<iovec> parts;
  parts.reserve(queue_.size());
  // pwritev only reads what iov_base points to.
  for (const Bytes& bytes : queue_)
    parts.push_back({const_cast<char*>(bytes.data()), bytes.size()});
  file_.write(written_, parts);
  file_.begin_sync(written_, queued_);
  written_ += std::exchange(queued_, 0);
  queue_.clear();
}

void ResultFile::sync() {
  flush();
  file_.sync();
}

void ResultFile::restart() {
  queue_.clear();
  queued_ = 0;
  file_.truncate(0);
  written_ = 0;
}

ResultFile open_at_committed(const std::filesystem::path& path, const Ledger& ledger) {
  std::map<std::string, std::uint64_t> lengths = ledger.lengths();
  auto known = lengths.find(path.filename().string());
  if (known != lengths.end()) return ResultFile(path, known->second);
  std::error_code missing;
  std::uintmax_t size = std::filesystem::file_size(path, missing);
  return ResultFile(path, missing ? 0 : size);
}

}  // namespace shoal::store
