#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <sys/uio.h>

#include <shoal/base/error.hpp>
#include <shoal/base/fd.hpp>

namespace shoal::store {

/// Takes the open file `path` for this process, among those who ask, until it is closed. False when
/// another process has it. Throws Error.
bool try_lock(const Fd& fd, const std::filesystem::path& path);

/// The same for an output; throws Error when another process has it.
void lock_output(const Fd& fd, const std::filesystem::path& path);

/// A file written and read at given offsets, whose errors are final: once the system has refused a
/// read, a write, a truncation or a sync, every later call throws that same Error. A failed fsync
/// is never tried again, because the kernel has already marked the lost pages clean and would call
/// the next one a success. One thread. All calls block on the disk.
class File {
 public:
  /// Opens `path` for reading and writing, or creates it (0666 & umask; the directory is synced, so
  /// that the name survives a power cut). Throws Error, also for what is no regular file.
  static File open(const std::filesystem::path& path);

  /// Opens what is there, to read it only. Throws Error, also for what is no regular file.
  static File open_to_read(const std::filesystem::path& path);

  /// Makes `path` anew, empty, in place of what was there; its name is not synced. Throws Error.
  static File make(const std::filesystem::path& path);

  /// A file without a name in `directory`, gone when this object is: O_TMPFILE, or unlinked() where
  /// the file system has no such thing. Throws Error.
  static File unnamed(const std::filesystem::path& directory);

  /// A file in `directory` whose name was removed at once. Throws Error.
  static File unlinked(const std::filesystem::path& directory);

  /// Keeps other processes that would write the file out, as lock_output.
  void lock() { lock_output(fd_, name_); }

  /// Bytes in the file.
  std::uint64_t size();

  /// Writes all of `parts`, one after another, from `offset` on; changes `parts` as it goes. A full
  /// disk is an Error with ExitCode::incomplete; some of the bytes may then stand in the file.
  void write(std::uint64_t offset, std::span<iovec> parts);

  /// The `size` bytes at `offset`. A file that ends before them is an Error with
  /// ExitCode::bad_data.
  std::string read(std::uint64_t offset, std::uint64_t size);

  /// Up to `size` bytes at `offset`, as many as there are; returns how many.
  std::size_t read_some(std::uint64_t offset, char* to, std::size_t size);

  /// Cuts or extends the file to `size` bytes.
  void truncate(std::uint64_t size);

  /// Gives the disk space of [`from`, `to`) back; those bytes then read as zeros. Does nothing
  /// where the file system cannot.
  void release(std::uint64_t from, std::uint64_t to);

  /// Lets the system begin to write these bytes to the disk, so that the next sync() waits for
  /// less. Promises nothing.
  void begin_sync(std::uint64_t offset, std::uint64_t size);

  /// Returns when all that was written is on the disk (fdatasync).
  void sync();

 private:
  File(Fd fd, std::string name) : fd_(std::move(fd)), name_(std::move(name)) {}

  void require_usable() const;
  [[noreturn]] void fail(const char* action, int errnum);

  Fd fd_;
  std::string name_;  // for error lines
  std::optional<Error> failure_;
};

/// Whether `path` names a regular file, or nothing yet; symbolic links are followed. False for
/// devices, fifos, sockets, terminals and directories.
bool is_regular_target(const std::filesystem::path& path);

/// Whether two names are, or would be, the same file.
bool same_file(const std::filesystem::path& a, const std::filesystem::path& b);

/// Puts a file of these bytes at `path`, in place of what was there; durable on return, and after a
/// crash either the old one or the new one stands there whole. Writes `path`.new on its way. Throws
/// Error.
void replace_file(const std::filesystem::path& path, std::string_view bytes);

/// Renames, replacing what is there; `from` is synced already. Durable on return. Throws Error.
void rename_durably(const std::filesystem::path& from, const std::filesystem::path& to);

/// Syncs the directory that holds the file `path`, so that its name survives a power cut. Throws
/// Error.
void sync_directory_of(const std::filesystem::path& path);

}  // namespace shoal::store
