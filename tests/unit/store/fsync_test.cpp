#include <cerrno>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include <shoal/store/ledger.hpp>
#include <shoal/store/result_file.hpp>
#include <shoal/store/spool.hpp>

#include "log_support.hpp"
#include "sync_hook.hpp"

using namespace shoal;
using namespace shoal::store;
using namespace store_test;

namespace {

int syncs = 0;
int directory_syncs = 0;
std::optional<int> syncs_left;

/// While it lives, fdatasync fails as on a disk that is dying, after `left` that still succeed.
struct DyingDisk {
  explicit DyingDisk(int left = 0) { syncs_left = left; }
  ~DyingDisk() { syncs_left.reset(); }
};

bool is_dying(const std::optional<Error>& error) {
  return says(error, ExitCode::error, "input/output error; check the disk");
}

}  // namespace

// These two stand in for the C library's, for shoal and for SQLite alike.
extern "C" int fdatasync(int fd) {
  ++syncs;
  if (before_sync) before_sync(fd);
  if (!syncs_left || (*syncs_left)-- > 0) {
    int result = static_cast<int>(syscall(SYS_fdatasync, fd));
    if (result == 0 && after_sync) after_sync(fd);
    return result;
  }
  errno = EIO;
  return -1;
}

extern "C" int fsync(int fd) {
  struct stat facts {};
  if (fstat(fd, &facts) == 0 && S_ISDIR(facts.st_mode)) ++directory_syncs;
  if (before_sync) before_sync(fd);
  int result = static_cast<int>(syscall(SYS_fsync, fd));
  if (result == 0 && after_sync) after_sync(fd);
  return result;
}

TEST_CASE("fsync: a result file's failed one is final and never tried again") {
  TempDir dir;
  ResultFile file(dir / "out", 0);
  file.append(Bytes::copy("bytes"));
  {
    DyingDisk dying;
    CHECK(is_dying(error_of([&] { file.sync(); })));
  }
  int before = syncs;
  file.append(Bytes::copy("more"));
  CHECK(is_dying(error_of([&] { file.sync(); })));
  CHECK(is_dying(error_of([&] { file.flush(); })));
  CHECK(syncs == before);
  CHECK(read_file(dir / "out") == "bytes");
}

TEST_CASE("fsync: a spool's failed one is final and never tried again") {
  TempDir dir;
  Spool spool(dir / "spool", {});
  Spool::Slot slot = spool.put("bytes");
  {
    DyingDisk dying;
    CHECK(is_dying(error_of([&] { spool.sync(); })));
  }
  int before = syncs;
  CHECK(is_dying(error_of([&] { spool.sync(); })));
  CHECK(is_dying(error_of([&] { spool.put("more"); })));
  CHECK(is_dying(error_of([&] { spool.drop(slot); })));
  CHECK(syncs == before);
}

TEST_CASE("fsync: a ledger's failed one is final, and the next start writes anew what it reads") {
  TempDir dir;
  {
    Ledger ledger(dir / "ledger", "sink");
    ledger.put_length("out", 1);
    ledger.commit();
    ledger.put_length("out", 2);
    {
      DyingDisk dying;
      CHECK(is_dying(error_of([&] { ledger.commit(); })));
    }
    int before = syncs;
    CHECK(is_dying(error_of([&] { ledger.commit(); })));
    CHECK(is_dying(error_of([&] { ledger.put_length("out", 3); })));
    CHECK(is_dying(error_of([&] { (void)ledger.lengths(); })));
    CHECK(syncs == before);
  }
  CHECK(fs::file_size(dir / "ledger-wal") > 0);
  int before = syncs;
  Ledger ledger(dir / "ledger", "sink");
  CHECK(syncs > before);
  CHECK(fs::file_size(dir / "ledger-wal") == 0);
  std::uint64_t length = ledger.lengths().at("out");
  CHECK((length == 1 || length == 2));
}

TEST_CASE("fsync: bringing a ledger's log over is no less final, but what was committed stands") {
  TempDir dir;
  std::uint64_t length = 0;
  {
    Ledger ledger(dir / "ledger", "sink");
    // The first commit also makes the log's own header and name durable.
    ledger.put_length("out", ++length);
    ledger.commit();
    std::optional<Error> error;
    while (!error && length < 5000) {
      DyingDisk dying(1);
      ledger.put_length("out", ++length);
      error = error_of([&] { ledger.commit(); });
    }
    CHECK(length > 500);
    CHECK(is_dying(error));
    CHECK(is_dying(error_of([&] { ledger.put_length("out", 0); })));
  }
  Ledger ledger(dir / "ledger", "sink");
  CHECK(ledger.lengths().at("out") == length);
}

TEST_CASE("fsync: one commit costs one sync, and none when nothing is staged") {
  TempDir dir;
  Ledger ledger(dir / "ledger", "sink");
  ledger.put_length("out", 0);
  ledger.commit();
  for (std::uint64_t i = 0; i < 10; ++i) {
    int before = syncs;
    ledger.put_length("out", i);
    ledger.put_job({.job = Id::of_name("job")});
    ledger.commit();
    ledger.commit();
    CHECK(syncs == before + 1);
  }
}

TEST_CASE("fsync: a new file's name is made durable too") {
  TempDir dir;
  for (int round = 0; round < 2; ++round) {
    bool fresh = round == 0;
    int before = directory_syncs;
    ResultFile file(dir / "out", 0);
    CHECK((directory_syncs > before) == fresh);
    before = directory_syncs;
    Spool spool(dir / "spool", {});
    CHECK((directory_syncs > before) == fresh);
    before = directory_syncs;
    Ledger ledger(dir / "ledger", "sink");
    CHECK((directory_syncs > before) == fresh);
  }
}

TEST_CASE("fsync: a log's failed one is final, and the next start writes anew what it reads") {
  TempDir dir;
  {
    LogWriter log({.folder = dir / "log"});
    append_made(log, 5);
    log.sync();
    append_made(log, 5);
    {
      DyingDisk dying;
      CHECK(is_dying(error_of([&] { log.sync(); })));
    }
    int before = syncs;
    CHECK(log.synced() == 5);
    CHECK(is_dying(error_of([&] { log.sync(); })));
    CHECK(is_dying(error_of([&] { log.write(); })));
    CHECK(is_dying(error_of([&] { append_made(log, 1); })));
    CHECK(is_dying(error_of([&] { log.retain(0); })));
    CHECK(syncs == before);
  }
  int before = syncs;
  RecoveredLog log = recover_log(dir / "log", 0);
  CHECK(syncs > before);
  CHECK(log.end == 10);
  CHECK(log.cut == 0);
  Found found = read_folder(dir / "log");
  CHECK(is_run(found.offsets, 0, 10));
  std::uint64_t of_five = 0;
  for (Offset i = 5; i < 10; ++i) {
    Made record = made(i);
    of_five += log_record_header_size + record.topic.size() + record.headers.size() +
               record.payload.size();
  }
  CHECK(log.rewritten == of_five);
}

TEST_CASE("fsync: a group of a log costs one sync, and a new segment's name is made durable") {
  TempDir dir;
  LogWriter log({.folder = dir / "log"});
  append_made(log, 5);
  log.sync();
  for (int i = 0; i < 10; ++i) {
    int before = syncs;
    append_made(log, 50);
    log.sync();
    log.sync();
    CHECK(syncs == before + 1);
  }
  LogWriter small({.folder = dir / "small", .segment_size = 1});
  append_made(small, 1);
  int before = directory_syncs;
  append_made(small, 1);
  CHECK(directory_syncs == before + 1);
}
