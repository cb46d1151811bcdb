#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include <shoal/base/bytes.hpp>
#include <shoal/store/ledger.hpp>
#include <shoal/store/result_file.hpp>

namespace shoal::store {

/// Where a durable reader stands, in a small file; and with an output file beside it, both go on
/// together: whatever kills the process, the output holds what the cursors say, exactly once. The
/// next start cuts off what was written and not committed. Errors are final (see File). One thread;
/// one process at a time has the file.
class CursorFile {
 public:
  /// Opens the cursors at `path`, or begins with none. `output`, where there is one, is a regular
  /// file or nothing yet; what a file that the cursors do not know holds already, stays. Throws
  /// Error: damaged or shorter than it was (bad_data), in use by another process (error).
  explicit CursorFile(std::filesystem::path path,
                      const std::optional<std::filesystem::path>& output = {});

  /// The cursors as they were put, ordered by stream.
  std::vector<CursorRow> cursors() const { return ledger_.cursors(); }

  /// Bytes of the output that were not committed by a former run, and were cut off.
  std::uint64_t cut() const noexcept { return output_ ? output_->cut() : 0; }

  /// Appends to the output; asserts that there is one. The bytes are shared, not copied.
  void append(Bytes bytes);

  /// Records that what was appended brings the reader of a stream there.
  void put(const CursorRow& row);

  /// Returns when output and cursors are on the disk. Costs nothing when nothing changed.
  void commit();

 private:
  Ledger ledger_;
  std::string output_name_;
  std::optional<ResultFile> output_;
  bool changed_ = false;
};

}  // namespace shoal::store
