#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string_view>
#include <vector>

#include <shoal/base/bytes.hpp>
#include <shoal/store/file.hpp>

namespace shoal::store {

/// Bytes set aside in a file until their turn, so that waiting takes disk and not memory. Disk
/// space is given back as slots are dropped, and all of it when the last one is. Each slot carries
/// the XXH3-64 of its bytes, so damage is told and never read. Errors are final (see File). One
/// thread.
class Spool {
 public:
  /// Where bytes were put; the owner keeps it, in a ledger when the spool is durable.
  struct Slot {
    std::uint64_t offset = 0;
    std::uint64_t size = 0;  ///< of the bytes put

    friend bool operator==(const Slot&, const Slot&) = default;
  };

  /// A spool that ends with this object: a file without a name in $TMPDIR, or in /tmp.
  Spool();

  /// A spool that outlives its process: opens or creates `path` and keeps of it exactly the `live`
  /// slots that the ledger knows. A file that cannot hold them is an Error with ExitCode::bad_data.
  Spool(std::filesystem::path path, const std::vector<Slot>& live);

  /// Sets `bytes` aside. A full disk is an Error with ExitCode::incomplete.
  Slot put(std::string_view bytes);

  /// The bytes of a live slot; it stays. Bytes that are not those once put are an Error with
  /// ExitCode::bad_data.
  Bytes get(Slot slot);

  /// Ends a live slot; its space may be given back or overwritten at once. When the spool is
  /// durable, only after the ledger has committed that the slot is no longer needed.
  void drop(Slot slot);

  /// Returns when all that was put is on the disk. Before the ledger commits the slots.
  void sync();

  /// How many slots are live.
  std::size_t count() const noexcept { return live_.size(); }

  /// Bytes put and not dropped.
  std::uint64_t bytes() const noexcept { return bytes_; }

 private:
  using Live = std::map<std::uint64_t, std::uint64_t>;  // offset -> one past the slot's last byte

  Live::iterator find(Slot slot);
  std::uint64_t end() const;
  void release_around(std::uint64_t from, std::uint64_t to);

  File file_;
  std::filesystem::path path_;
  Live live_;
  std::uint64_t bytes_ = 0;
};

}  // namespace shoal::store
