#include <csignal>
#include <sys/resource.h>
#include <sys/stat.h>

#include <doctest/doctest.h>

#include <shoal/store/result_file.hpp>

#include "support.hpp"

using namespace shoal;
using namespace shoal::store;
using namespace store_test;

TEST_CASE("result_file: what is appended stands in order, after a flush") {
  TempDir dir;
  ResultFile file(dir / "out", 0);
  CHECK(file.cut() == 0);
  std::string expected;
  // More pieces than one system call takes.
  for (int i = 0; i < 5000; ++i) {
    std::string line = std::to_string(i) + "\n";
    expected += line;
    file.append(Bytes::take(std::move(line)));
    file.append({});
  }
  CHECK(file.length() == expected.size());
  CHECK(fs::file_size(dir / "out") == 0);
  file.flush();
  CHECK(read_file(dir / "out") == expected);
  file.append(Bytes::copy("end"));
  file.sync();
  file.sync();
  CHECK(file.length() == expected.size() + 3);
  CHECK(read_file(dir / "out") == expected + "end");
}

TEST_CASE("result_file: what queues up is written by itself, and still cut where not committed") {
  TempDir dir;
  std::string line = std::string(1023, 'x') + "\n";
  {
    ResultFile file(dir / "out", 0);
    for (int i = 0; i < 1500; ++i) file.append(Bytes::copy(line));
    CHECK(file.length() == 1500 * 1024);
    CHECK(fs::file_size(dir / "out") == 1024 * 1024);
    file.sync();
    CHECK(fs::file_size(dir / "out") == 1500 * 1024);
  }
  ResultFile file(dir / "out", 1024);
  CHECK(file.cut() == 1499 * 1024);
  CHECK(read_file(dir / "out") == line);
}

TEST_CASE("result_file: a tail that was not committed is cut") {
  TempDir dir;
  write_file(dir / "out", "committed, and not");
  ResultFile file(dir / "out", 9);
  CHECK(file.cut() == 9);
  CHECK(file.length() == 9);
  file.append(Bytes::copy(" too"));
  file.flush();
  CHECK(read_file(dir / "out") == "committed too");
}

TEST_CASE("result_file: a file that lost what was committed is told, and none is made") {
  TempDir dir;
  write_file(dir / "out", "short");
  CHECK(says(error_of([&] { ResultFile file(dir / "out", 6); }), ExitCode::bad_data,
             "has 5 bytes where its ledger counts 6"));
  CHECK(read_file(dir / "out") == "short");
  CHECK(says(error_of([&] { ResultFile file(dir / "gone", 6); }), ExitCode::bad_data,
             "has 0 bytes where its ledger counts 6"));
  CHECK_FALSE(fs::exists(dir / "gone"));
}

TEST_CASE("result_file: restart empties file and queue") {
  TempDir dir;
  ResultFile file(dir / "out", 0);
  file.append(Bytes::copy("old"));
  file.flush();
  file.append(Bytes::copy("queued"));
  file.restart();
  CHECK(file.length() == 0);
  file.append(Bytes::copy("new"));
  file.flush();
  CHECK(read_file(dir / "out") == "new");
}

TEST_CASE("result_file: a new file gets the usual permissions") {
  TempDir dir;
  mode_t before = umask(027);
  ResultFile file(dir / "out", 0);
  umask(before);
  CHECK(fs::status(dir / "out").permissions() == fs::perms(0640));
}

TEST_CASE("result_file: only regular files, or nothing yet, can be one") {
  TempDir dir;
  write_file(dir / "file", "");
  fs::create_symlink(dir / "file", dir / "link");
  fs::create_symlink(dir / "nowhere", dir / "dangling");
  fs::create_symlink("/dev/null", dir / "null");
  REQUIRE(mkfifo((dir / "fifo").c_str(), 0600) == 0);
  CHECK(is_regular_target(dir / "file"));
  CHECK(is_regular_target(dir / "link"));
  CHECK(is_regular_target(dir / "not yet"));
  CHECK(is_regular_target(dir / "dangling"));
  for (fs::path path : {dir / "null", dir / "fifo", dir.path(), fs::path("/dev/null")}) {
    CHECK_FALSE(is_regular_target(path));
    CHECK(says(error_of([&] { ResultFile file(path, 0); }), ExitCode::error,
               "is not a regular file"));
  }
  ResultFile file(dir / "dangling", 0);
  CHECK(fs::exists(dir / "nowhere"));
}

TEST_CASE("result_file: a missing directory is told") {
  TempDir dir;
  CHECK(says(error_of([&] { ResultFile file(dir / "no/out", 0); }), ExitCode::error,
             "No such file or directory"));
}

TEST_CASE("result_file: a full disk is final, and a new start goes on from what was committed") {
  TempDir dir;
  Child child([&] {
    if (!mount_one_mebibyte(dir.path())) return 77;
    auto full = [](const std::optional<Error>& error) {
      return says(error, ExitCode::incomplete, "free some space and run the same command again");
    };
    {
      ResultFile file(dir / "out", 0);
      file.append(Bytes::take(std::string(600 * 1024, 'a')));
      file.sync();
      write_file(dir / "ballast", std::string(200 * 1024, 'x'));
      file.append(Bytes::take(std::string(600 * 1024, 'b')));
      if (!full(error_of([&] { file.flush(); }))) return 1;
      fs::remove(dir / "ballast");
      if (!full(error_of([&] { file.sync(); }))) return 2;
      if (!full(error_of([&] { file.restart(); }))) return 3;
    }
    ResultFile file(dir / "out", 600 * 1024);
    if (file.cut() == 0) return 4;
    file.append(Bytes::copy("c"));
    file.sync();
    return read_file(dir / "out") == std::string(600 * 1024, 'a') + "c" ? 0 : 5;
  });
  int status = child.wait();
  if (status == 77) {
    MESSAGE("skipped: mounting a small file system is not allowed here");
  } else {
    CHECK(status == 0);
  }
}

TEST_CASE("result_file: the limit on file sizes is told with its remedy") {
  TempDir dir;
  Child child([&] {
    std::signal(SIGXFSZ, SIG_IGN);
    rlimit limit{1000, 1000};
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0) return 3;
    ResultFile file(dir / "out", 0);
    file.append(Bytes::take(std::string(1500, 'x')));
    if (!says(error_of([&] { file.flush(); }), ExitCode::error, "ulimit -f")) return 1;
    // The first write took what fitted, and only its rest was refused.
    return fs::file_size(dir / "out") == 1000 ? 0 : 2;
  });
  CHECK(child.wait() == 0);
}
