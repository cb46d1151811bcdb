#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <climits>

#include <shoal/store/file.hpp>

namespace shoal::store {
namespace {

Error file_error(const std::string& line, int errnum) {
  if (errnum == EIO) {
    return Error(line + ": input/output error; check the disk, then run the same command again");
  }
  if (errnum == EFBIG) {
    return Error(line +
                 ": it would pass the limit on file sizes; raise it (ulimit -f) and run the "
                 "same command again");
  }
  return system_error(line, errnum);
}

// How much of `parts` is left after `written` bytes of it.
std::span<iovec> without(std::span<iovec> parts, std::size_t written) {
  while (!parts.empty() && written >= parts.front().iov_len) {
    written -= parts.front().iov_len;
    parts = parts.subspan(1);
  }
  if (!parts.empty()) {
    parts.front().iov_base = static_cast<char*>(parts.front().iov_base) + written;
    parts.front().iov_len -= written;
  }
  return parts;
}

}  // namespace

bool try_lock(const Fd& fd, const std::filesystem::path& path) {
  if (flock(fd.get(), LOCK_EX | LOCK_NB) == 0) return true;
  if (errno != EWOULDBLOCK) throw system_error("cannot lock " + path.string());
  return false;
}

void lock_output(const Fd& fd, const std::filesystem::path& path) {
  if (try_lock(fd, path)) return;
  throw Error("another process writes to " + path.string() +
              "; end it first, or name another file");
}

File File::open(const std::filesystem::path& path) {
  if (!is_regular_target(path)) {
    throw Error(path.string() + " is not a regular file, so it cannot be read back; name a file");
  }
  int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  bool creating = fd < 0 && errno == ENOENT;
  if (creating) fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (fd < 0) throw file_error("cannot open " + path.string(), errno);
  File file(Fd(fd), path.string());
  if (creating) sync_directory_of(path);
  return file;
}

File File::open_to_read(const std::filesystem::path& path) {
  if (!is_regular_target(path)) throw Error(path.string() + " is not a regular file");
  int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) throw file_error("cannot open " + path.string(), errno);
  return File(Fd(fd), path.string());
}

File File::make(const std::filesystem::path& path) {
  int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (fd < 0) throw file_error("cannot make " + path.string(), errno);
  return File(Fd(fd), path.string());
}

File File::unnamed(const std::filesystem::path& directory) {
  int fd = ::open(directory.c_str(), O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return unlinked(directory);
  return File(Fd(fd), "the temporary file in " + directory.string());
}

File File::unlinked(const std::filesystem::path& directory) {
  std::string name = (directory / "shoal-XXXXXX").string();
  int fd = mkostemp(name.data(), O_CLOEXEC);
  if (fd < 0) throw file_error("cannot make a temporary file in " + directory.string(), errno);
  unlink(name.c_str());
  return File(Fd(fd), "the temporary file in " + directory.string());
}

std::uint64_t File::size() {
  struct stat facts {};
  if (fstat(fd_.get(), &facts) != 0) fail("cannot look at", errno);
  return static_cast<std::uint64_t>(facts.st_size);
}

void File::write(std::uint64_t offset, std::span<iovec> parts) {
  require_usable();
  parts = without(parts, 0);
  while (!parts.empty()) {
    auto count = static_cast<int>(std::min<std::size_t>(parts.size(), IOV_MAX));
    ssize_t written = pwritev(fd_.get(), parts.data(), count, static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail("cannot write", errno);
    offset += static_cast<std::uint64_t>(written);
    parts = without(parts, static_cast<std::size_t>(written));
  }
}

std::string File::read(std::uint64_t offset, std::uint64_t size) {
  std::string bytes(size, '\0');
  if (read_some(offset, bytes.data(), size) < size) {
    throw Error(name_ + " ends too early; restore it from a copy, or begin the job anew",
                ExitCode::bad_data);
  }
  return bytes;
}

std::size_t File::read_some(std::uint64_t offset, char* to, std::size_t size) {
  require_usable();
  std::size_t have = 0;
  while (have < size) {
    ssize_t got = pread(fd_.get(), to + have, size - have, static_cast<off_t>(offset + have));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail("cannot read", errno);
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
  }
  return have;
}

void File::truncate(std::uint64_t size) {
  require_usable();
  if (ftruncate(fd_.get(), static_cast<off_t>(size)) != 0) fail("cannot cut", errno);
}

void File::release(std::uint64_t from, std::uint64_t to) {
  require_usable();
  if (from >= to) return;
  // Only space is at stake, so a refusal is no failure.
  (void)fallocate(fd_.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(from),
                  static_cast<off_t>(to - from));
}

void File::begin_sync(std::uint64_t offset, std::uint64_t size) {
  require_usable();
  // What it could not begin, sync() does, and reports.
  (void)sync_file_range(fd_.get(), static_cast<off_t>(offset), static_cast<off_t>(size),
                        SYNC_FILE_RANGE_WRITE);
}

void File::sync() {
  require_usable();
  if (fdatasync(fd_.get()) != 0) fail("cannot sync", errno);
}

void File::require_usable() const {
  if (failure_) throw *failure_;
}

void File::fail(const char* action, int errnum) {
  failure_ = file_error(std::string(action) + " " + name_, errnum);
  throw *failure_;
}

bool is_regular_target(const std::filesystem::path& path) {
  struct stat facts {};
  if (stat(path.c_str(), &facts) != 0) return errno == ENOENT;
  return S_ISREG(facts.st_mode);
}

bool same_file(const std::filesystem::path& a, const std::filesystem::path& b) {
  std::error_code ignored;
  return std::filesystem::weakly_canonical(a, ignored) ==
             std::filesystem::weakly_canonical(b, ignored) ||
         std::filesystem::equivalent(a, b, ignored);
}

void replace_file(const std::filesystem::path& path, std::string_view bytes) {
  std::filesystem::path fresh = path;
  fresh += ".new";
  File file = File::make(fresh);
  // pwritev only reads what iov_base points to.
  iovec part{const_cast<char*>(bytes.data()), bytes.size()};
  file.write(0, {&part, 1});
  file.sync();
  rename_durably(fresh, path);
}

void rename_durably(const std::filesystem::path& from, const std::filesystem::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) {
    throw file_error("cannot rename " + from.string() + " to " + to.string(), errno);
  }
  sync_directory_of(to);
}

void sync_directory_of(const std::filesystem::path& path) {
  std::error_code failed;
  std::filesystem::path directory = std::filesystem::canonical(path, failed).parent_path();
  if (failed) throw file_error("cannot find " + path.string(), failed.value());
  Fd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd || fsync(fd.get()) != 0) throw file_error("cannot sync " + directory.string(), errno);
}

}  // namespace shoal::store
