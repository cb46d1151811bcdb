#include <doctest/doctest.h>

#include <shoal/base/units.hpp>

using namespace shoal;
using namespace std::chrono_literals;

TEST_CASE("units: durations as people write them") {
  CHECK(*parse_duration("250ms") == 250ms);
  CHECK(*parse_duration("30s") == 30s);
  CHECK(*parse_duration("1h30m") == 90min);
  CHECK(*parse_duration("1.5s") == 1500ms);
  CHECK(*parse_duration("10") == 10s);
  CHECK(*parse_duration("0") == 0s);
  for (const char* bad :
       {"", "s", "-1s", "1x", "1s2", "0s5", "1e3", "inf", "nan", "99999999999999d"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_duration(bad));
  }
}

TEST_CASE("units: sizes as people write them") {
  CHECK(*parse_size("512") == 512);
  CHECK(*parse_size("64K") == 65536);
  CHECK(*parse_size("64k") == 65536);
  CHECK(*parse_size("1MiB") == 1048576);
  CHECK(*parse_size("1.5M") == 1572864);
  for (const char* bad : {"", "K", "-1", "1X", "1KK", "99999999P"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_size(bad));
  }
}

TEST_CASE("units: text for people") {
  CHECK(format_duration(12300us) == "12.3ms");
  CHECK(format_duration(4560ms) == "4.56s");
  CHECK(format_duration(90min) == "1h30m");
  CHECK(format_duration(61s) == "1m1s");
  CHECK(format_size(512) == "512B");
  CHECK(format_size(65536) == "64K");
  CHECK(format_size(1572864) == "1.5M");
  CHECK(format_count(1000000) == "1,000,000");
  CHECK(format_count(999) == "999");
  CHECK(format_rate(3450000) == "3.45M/s");
  CHECK(format_rate(0) == "0/s");
}
