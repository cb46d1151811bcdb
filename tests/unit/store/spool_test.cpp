#include <random>
#include <sys/stat.h>

#include <doctest/doctest.h>

#include <shoal/store/format.hpp>
#include <shoal/store/spool.hpp>

#include "support.hpp"

using namespace shoal;
using namespace shoal::store;
using namespace store_test;

namespace {

std::uint64_t disk_bytes(const fs::path& path) {
  struct stat facts {};
  REQUIRE(stat(path.c_str(), &facts) == 0);
  return static_cast<std::uint64_t>(facts.st_blocks) * 512;
}

void exercise(Spool& spool) {
  std::mt19937_64 random(11);
  std::vector<std::pair<Spool::Slot, std::string>> model;
  std::uint64_t bytes = 0;
  for (int step = 0; step < 3000; ++step) {
    if (model.empty() || random() % 5 < 3) {
      std::string text(random() % 8 == 0 ? random() % 300000 : random() % 3000,
                       static_cast<char>(random()));
      bytes += text.size();
      Spool::Slot slot = spool.put(text);
      model.emplace_back(slot, std::move(text));
    } else {
      std::size_t at = random() % model.size();
      CHECK(spool.get(model[at].first) == Bytes::copy(model[at].second));
      bytes -= model[at].second.size();
      spool.drop(model[at].first);
      model.erase(model.begin() + static_cast<std::ptrdiff_t>(at));
    }
  }
  CHECK(spool.count() == model.size());
  CHECK(spool.bytes() == bytes);
  for (const auto& [slot, text] : model) CHECK(spool.get(slot) == Bytes::copy(text));
  for (const auto& [slot, text] : model) spool.drop(slot);
  CHECK(spool.count() == 0);
  CHECK(spool.bytes() == 0);
}

}  // namespace

TEST_CASE("spool: gives back what was put, durable or not") {
  TempDir dir;
  Spool anonymous;
  exercise(anonymous);
  Spool durable(dir / "spool", {});
  exercise(durable);
  CHECK(fs::file_size(dir / "spool") == 0);
}

TEST_CASE("spool: outlives its process in the slots its ledger knows") {
  TempDir dir;
  Spool::Slot first;
  Spool::Slot third;
  {
    Spool spool(dir / "spool", {});
    first = spool.put("first");
    spool.put("second");
    third = spool.put("");
    spool.put("never committed");
    spool.sync();
  }
  Spool spool(dir / "spool", {third, first});
  CHECK(spool.count() == 2);
  CHECK(spool.get(first).view() == "first");
  CHECK(spool.get(third).empty());
  CHECK(fs::file_size(dir / "spool") == third.offset + spool_header_size);
  Spool::Slot next = spool.put("next");
  CHECK(next.offset >= third.offset + spool_header_size);
  CHECK(spool.get(next).view() == "next");
}

TEST_CASE("spool: an endless queue takes only the disk of what waits") {
  TempDir dir;
  Spool spool(dir / "spool", {});
  std::vector<Spool::Slot> queue;
  std::uint64_t most = 0;
  for (std::size_t i = 0; i < 400; ++i) {
    queue.push_back(spool.put(std::string(100000, static_cast<char>(i))));
    if (i >= 8) spool.drop(queue[i - 8]);
    most = std::max(most, disk_bytes(dir / "spool"));
  }
  CHECK(most < 2 * 1024 * 1024);
  for (std::size_t i = 392; i < 400; ++i) {
    CHECK(spool.get(queue[i]).view() == std::string(100000, static_cast<char>(i)));
    spool.drop(queue[i]);
  }
  CHECK(disk_bytes(dir / "spool") == 0);
}

TEST_CASE("spool: gives the space between live slots back when it is opened") {
  TempDir dir;
  Spool::Slot first;
  Spool::Slot last;
  {
    Spool spool(dir / "spool", {});
    first = spool.put("first");
    spool.put(std::string(1 << 20, 'x'));
    last = spool.put("last");
  }
  Spool spool(dir / "spool", {first, last});
  CHECK(disk_bytes(dir / "spool") < 256 * 1024);
  CHECK(spool.get(first).view() == "first");
  CHECK(spool.get(last).view() == "last");
}

TEST_CASE("spool: damage is told and never read") {
  TempDir dir;
  std::string text = "a result that waits for its turn";
  Spool::Slot slot;
  {
    Spool spool(dir / "spool", {});
    spool.put("before");
    slot = spool.put(text);
  }
  std::string whole = read_file(dir / "spool");
  for (std::size_t at = slot.offset; at < whole.size(); ++at) {
    std::string bad = whole;
    bad[at] = static_cast<char>(bad[at] ^ 0x10);
    write_file(dir / "spool", bad);
    Spool spool(dir / "spool", {slot});
    CHECK(says(error_of([&] { (void)spool.get(slot); }), ExitCode::bad_data, "is damaged"));
  }
  write_file(dir / "spool", whole);
  Spool spool(dir / "spool", {slot});
  CHECK(spool.get(slot).view() == text);
}

TEST_CASE("spool: slots that the file cannot hold are told") {
  TempDir dir;
  write_file(dir / "spool", std::string(100, 'x'));
  constexpr std::uint64_t huge = ~std::uint64_t{0};
  std::vector<std::vector<Spool::Slot>> impossible{
      {{0, 93}},       {{93, 0}},          {{0, huge}},     {{huge, 0}},
      {{huge - 8, 8}}, {{0, 20}, {27, 5}}, {{0, 1}, {0, 1}}};
  for (const auto& live : impossible) {
    CHECK(says(error_of([&] { Spool spool(dir / "spool", live); }), ExitCode::bad_data,
               "is damaged"));
  }
  CHECK_FALSE(error_of([&] { Spool spool(dir / "spool", {{0, 20}, {28, 64}}); }));
}

TEST_CASE("spool: a temporary one goes to TMPDIR and leaves nothing there") {
  TempDir dir;
  Child child([&] {
    setenv("TMPDIR", dir.path().c_str(), 1);
    Spool spool;
    Spool::Slot slot = spool.put("bytes");
    if (!fs::is_empty(dir.path())) return 1;
    setenv("TMPDIR", (dir / "none").c_str(), 1);
    if (!says(error_of([] { Spool nowhere; }), ExitCode::error, "No such file")) return 2;
    return spool.get(slot).view() == "bytes" ? 0 : 3;
  });
  CHECK(child.wait() == 0);
  File file = File::unlinked(dir.path());
  CHECK(fs::is_empty(dir.path()));
  CHECK(file.size() == 0);
}

TEST_CASE("spool: a full disk is final") {
  TempDir dir;
  Child child([&] {
    if (!mount_one_mebibyte(dir.path())) return 77;
    Spool spool(dir / "spool", {});
    Spool::Slot slot = spool.put("kept");
    auto full = [](const std::optional<Error>& error) {
      return says(error, ExitCode::incomplete, "free some space and run the same command again");
    };
    if (!full(error_of([&] { spool.put(std::string(2 << 20, 'x')); }))) return 1;
    if (!full(error_of([&] { spool.sync(); }))) return 2;
    Spool again(dir / "spool", {slot});
    return again.get(slot).view() == "kept" ? 0 : 3;
  });
  int status = child.wait();
  if (status == 77) {
    MESSAGE("skipped: mounting a small file system is not allowed here");
  } else {
    CHECK(status == 0);
  }
}
