#include <map>
#include <random>
#include <sys/stat.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "log_support.hpp"
#include "sync_hook.hpp"

using namespace shoal;
using namespace shoal::store;
using namespace store_test;

namespace {

constexpr std::size_t page = 4096;

ino_t inode_of(const fs::path& path) {
  struct stat facts {};
  return stat(path.c_str(), &facts) == 0 ? facts.st_ino : 0;
}

/// What a disk keeps of a folder of plain files when the power goes: of each file what was synced,
/// and any of the pages written since; of the names what the folder's last sync found, and any of
/// the changes since.
class Disk {
 public:
  explicit Disk(fs::path folder) : folder_(std::move(folder)) {
    for (const auto& entry : fs::directory_iterator(folder_)) {
      contents_[inode_of(entry.path())] = read_file(entry.path());
    }
    names_ = current_names();
  }

  void synced(int fd) {
    struct stat facts {};
    REQUIRE(fstat(fd, &facts) == 0);
    if (S_ISDIR(facts.st_mode)) {
      if (facts.st_ino == inode_of(folder_)) names_ = current_names();
      return;
    }
    std::string bytes(static_cast<std::size_t>(facts.st_size), '\0');
    REQUIRE(pread(fd, bytes.data(), bytes.size(), 0) == facts.st_size);
    contents_[facts.st_ino] = bytes;
  }

  void cut_power(const fs::path& image, std::mt19937_64& random) const {
    std::map<std::string, ino_t> now = current_names();
    std::map<std::string, ino_t> names = names_;
    for (const auto& [name, inode] : now) {
      if (random() % 2 == 0) names[name] = inode;
    }
    for (const auto& [name, inode] : names_) {
      if (!now.contains(name) && random() % 2 == 0) names.erase(name);
    }
    fs::create_directory(image);
    for (const auto& [name, inode] : names) write_file(image / name, content(inode, now, random));
  }

 private:
  std::map<std::string, ino_t> current_names() const {
    std::map<std::string, ino_t> names;
    for (const auto& entry : fs::directory_iterator(folder_)) {
      names[entry.path().filename().string()] = inode_of(entry.path());
    }
    return names;
  }

  std::string content(ino_t inode, const std::map<std::string, ino_t>& now,
                      std::mt19937_64& random) const {
    auto kept = contents_.find(inode);
    std::string bytes = kept == contents_.end() ? "" : kept->second;
    for (const auto& [name, its] : now) {
      if (its != inode) continue;
      std::string newer = read_file(folder_ / name);
      if (random() % 2 == 0) bytes.resize(newer.size());
      for (std::size_t at = 0; at < std::min(bytes.size(), newer.size()); at += page) {
        std::size_t size = std::min({page, bytes.size() - at, newer.size() - at});
        if (random() % 2 == 0) bytes.replace(at, size, newer, at, size);
      }
    }
    return bytes;
  }

  fs::path folder_;
  std::map<ino_t, std::string> contents_;
  std::map<std::string, ino_t> names_;
};

/// What a writer acknowledged in its life.
struct Life {
  Offset acked = 0;
  Epoch epoch = 0;
};

/// A writer's life up to some sync, where it ends as if killed.
Life live(const fs::path& folder, Disk& disk, std::mt19937_64& random) {
  Life life;
  std::optional<LogWriter> log;
  std::uint64_t syncs_left = random() % 30;
  struct Killed {};
  before_sync = [&](int) {
    if (syncs_left-- == 0) throw Killed();
  };
  after_sync = [&](int fd) { disk.synced(fd); };
  try {
    log.emplace(LogWriterOptions{.folder = folder, .segment_size = 20'000, .retain_size = 60'000});
    life = {log->end(), log->epoch()};
    while (true) {
      append_made(*log, 1 + random() % 60, 1000);
      if (random() % 3 == 0) log->write();
      if (random() % 3 > 0) log->sync();
      life.acked = log->synced();
      log->retain(0);
    }
  } catch (const Killed&) {
  }
  before_sync = nullptr;
  after_sync = nullptr;
  return life;
}

/// Whether a copy of the log opens, with all that was acknowledged in it and nothing else.
void check_log(const fs::path& folder, const fs::path& copy, const Life& life) {
  fs::remove_all(copy);
  fs::copy(folder, copy, fs::copy_options::recursive);
  LogWriter log({.folder = copy, .segment_size = 20'000});
  REQUIRE(log.end() >= life.acked);
  REQUIRE(log.epoch() > life.epoch);
  std::unique_ptr<RecordReader> reader = log.reader();
  Offset next = log.first();
  while (next < log.end()) {
    ReadOutcome outcome = reader->next(log.end(), 10'000);
    for (const RecordView& record : std::get<RecordBlock>(outcome)) {
      REQUIRE(record.offset == next++);
      REQUIRE(is_made(record, 1000));
    }
  }
}

}  // namespace

TEST_CASE("log crash: kills and power cuts at any sync lose nothing acknowledged (FAULTS 6)") {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    CAPTURE(seed);
    std::mt19937_64 random(seed);
    TempDir dir;
    fs::path folder = dir / "log-0";
    fs::create_directory(folder);
    std::optional<Disk> disk(folder);
    Life all;
    for (int cycle = 1; cycle <= 8; ++cycle) {
      Life life = live(folder, *disk, random);
      all = {std::max(all.acked, life.acked), std::max(all.epoch, life.epoch)};
      bool only_killed = random() % 2 == 0;
      if (!only_killed) {
        fs::path image = dir / ("log-" + std::to_string(cycle));
        disk->cut_power(image, random);
        folder = image;
        disk.emplace(folder);
      }
      check_log(folder, dir / "copy", all);
    }
  }
}

TEST_CASE("log crash: a hundred kills while appending lose nothing acknowledged (FAULTS 4)") {
  TempDir dir;
  LogWriterOptions options{.folder = dir / "log", .segment_size = 10'000};
  std::mt19937_64 random(23);
  for (int cycle = 0; cycle < 100; ++cycle) {
    Offset before = cycle == 0 ? 0 : inspect_log(dir / "log", false).end;
    Pipe synced;
    Child child([&] {
      synced.only_tell();
      LogWriter log(options);
      while (true) {
        append_made(log, 3, 500);
        log.sync();
        synced.tell();
      }
      return 0;
    });
    synced.only_hear();
    Offset acked = before;
    std::uint64_t groups = random() % 20 + (cycle == 0 ? 1 : 0);
    for (; groups > 0 && synced.hear(); --groups) acked += 3;
    child.kill();
    CHECK(child.wait() == 128 + SIGKILL);
    while (synced.hear()) acked += 3;
    LogFacts facts = inspect_log(dir / "log", true);
    for (const SegmentFacts& segment : facts.segments) CHECK_FALSE(segment.damage);
    REQUIRE(facts.end >= acked);
  }
  LogWriter log(options);
  std::unique_ptr<RecordReader> reader = log.reader();
  Offset next = 0;
  while (next < log.end()) {
    ReadOutcome outcome = reader->next(log.end(), 100'000);
    for (const RecordView& record : std::get<RecordBlock>(outcome)) {
      REQUIRE(record.offset == next++);
      REQUIRE(is_made(record, 500));
    }
  }
  CHECK(log.epoch() > 2);
}

TEST_CASE("log crash: a full disk is final; once there is space a restart goes on (FAULTS 7)") {
  TempDir dir;
  Child child([&] {
    if (!mount_one_mebibyte(dir.path())) return 77;
    write_file(dir / "filler", std::string(300'000, 'x'));
    LogWriterOptions options{.folder = dir / "log", .segment_size = 100'000};
    Offset acked = 0;
    {
      LogWriter log(options);
      std::optional<Error> error = error_of([&] {
        while (true) {
          append_made(log, 10, 1000);
          log.sync();
          acked = log.synced();
        }
      });
      std::string_view remedy = "free some space and run the same command again";
      if (!says(error, ExitCode::incomplete, remedy)) return 1;
      if (!says(error_of([&] { log.sync(); }), ExitCode::incomplete, remedy)) return 2;
      if (log.synced() != acked || acked == 0) return 3;
    }
    fs::remove(dir / "filler");
    LogWriter log(options);
    if (log.end() < acked) return 4;
    append_made(log, 10, 1000);
    log.sync();
    std::unique_ptr<RecordReader> reader = log.reader();
    Offset next = 0;
    while (next < log.end()) {
      ReadOutcome outcome = reader->next(log.end(), 100'000);
      for (const RecordView& record : std::get<RecordBlock>(outcome)) {
        if (record.offset != next++ || !is_made(record, 1000)) return 5;
      }
    }
    return 0;
  });
  int status = child.wait();
  if (status == 77) {
    MESSAGE("skipped: mounting a small file system is not allowed here");
  } else {
    CHECK(status == 0);
  }
}
