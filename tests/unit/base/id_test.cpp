#include <array>
#include <set>
#include <sys/wait.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include <shoal/base/id.hpp>

using shoal::Id;

TEST_CASE("id: random ids differ, hex and bytes read back") {
  Id id = Id::random();
  CHECK(id != Id::random());
  CHECK_FALSE(id.is_nil());
  CHECK(Id::from_hex(id.hex()) == id);
  CHECK(Id::from_bytes(id.bytes()) == id);
  CHECK(id.hex().starts_with(id.brief()));
}

TEST_CASE("id: a name gives the same id everywhere") {
  CHECK(Id::of_name("nightly").hex() == Id::of_name("nightly").hex());
  CHECK(Id::of_name("nightly") != Id::of_name("nightlx"));
  CHECK(Id::of_name("").hex() == "99aa06d3014798d86001c324468d497f");
}

TEST_CASE("id: anything else is refused") {
  CHECK_FALSE(Id::from_hex("12"));
  CHECK_FALSE(Id::from_hex("zz000000000000000000000000000000"));
  CHECK_FALSE(Id::from_bytes("short"));
}

TEST_CASE("id: a forked child makes other ids than its parent") {
  static_cast<void>(Id::random());
  std::array<int, 2> ends{};
  REQUIRE(pipe(ends.data()) == 0);
  pid_t child = fork();
  if (child == 0) {
    Id id = Id::random();
    _exit(write(ends[1], id.bytes().data(), Id::size) == Id::size ? 0 : 1);
  }
  std::string raw(Id::size, '\0');
  REQUIRE(read(ends[0], raw.data(), raw.size()) == Id::size);
  waitpid(child, nullptr, 0);
  close(ends[0]);
  close(ends[1]);
  CHECK(*Id::from_bytes(raw) != Id::random());
}

TEST_CASE("id: no two of many are the same, and their hashes differ") {
  std::set<Id> ids;
  std::set<std::size_t> hashes;
  for (int i = 0; i < 10'000; ++i) {
    Id id = Id::random();
    ids.insert(id);
    hashes.insert(std::hash<Id>{}(id));
  }
  CHECK(ids.size() == 10'000);
  CHECK(hashes.size() == 10'000);
}
