#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include <shoal/base/bytes.hpp>
#include <shoal/store/file.hpp>
#include <shoal/store/ledger.hpp>

namespace shoal::store {

/// An output file that only grows, and whose committed length a ledger keeps. Together they make
/// results stand exactly once: `append` them, `sync`, put `length` and what it covers into the
/// ledger, commit. Whatever a crash leaves behind the committed length was never acknowledged, and
/// the next start cuts it off. Errors are final (see File). One thread; nothing but this object may
/// write the file.
class ResultFile {
 public:
  /// Opens the file, or creates it, and cuts it back to `committed` bytes. A file shorter than that
  /// lost what was acknowledged: Error with ExitCode::bad_data. So is a `path` that is no regular
  /// file an Error, for what is in it cannot be kept track of, and one that another process has.
  ResultFile(std::filesystem::path path, std::uint64_t committed);

  /// How many bytes behind the committed length were cut when the file was opened.
  std::uint64_t cut() const noexcept { return cut_; }

  /// Queues `bytes` for the end of the file; their storage is shared, not copied. Flushes what has
  /// queued up now and then.
  void append(Bytes bytes);

  /// Writes all that is queued. A full disk is an Error with ExitCode::incomplete.
  void flush();

  /// flush(), and returns when all is on the disk.
  void sync();

  /// Bytes in the file once all that is queued is written.
  std::uint64_t length() const noexcept { return written_ + queued_; }

  /// Empties the file and the queue, to begin anew. Commit the length 0 to the ledger first: a file
  /// that is longer than its ledger says is cut, one that is shorter is damage.
  void restart();

 private:
  File file_;
  std::vector<Bytes> queue_;
  std::uint64_t written_ = 0;
  std::uint64_t queued_ = 0;
  std::uint64_t cut_ = 0;
};

/// Opens `path` at the length that `ledger` has committed for a file of that name. One that the
/// ledger does not know yet is opened at its end. Throws as ResultFile's constructor.
ResultFile open_at_committed(const std::filesystem::path& path, const Ledger& ledger);

}  // namespace shoal::store
