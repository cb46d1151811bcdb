// JSON lines: whatever is read can be written, and then reads back the same.

#include <shoal/base/assert.hpp>
#include <shoal/wire/json_line.hpp>

#include "target.hpp"

using namespace shoal;
using namespace shoal::wire;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Result<JsonRecord> record = parse_json_line(fuzz::text_of(data, size));
  if (!record) return 0;
  std::string line = format_json_line(*record);
  Result<JsonRecord> again = parse_json_line(line);
  SHOAL_ASSERT(again && format_json_line(*again) == line);
  return 0;
}

std::vector<std::string> fuzz::valid_inputs() {
  JsonRecord plain{.fields = {{"ts", std::string("2026-01-31T23:59:59.123Z")},
                              {"seq", std::uint64_t{17}},
                              {"late", -3L},
                              {"rate", 0.5},
                              {"last", true},
                              {"headers", Headers{{"a", "1"}, {"b", "\xff"}}}},
                   .payload = "text"};
  JsonRecord binary{.fields = {{"id", std::string("\xff\xfe")}},
                    .payload = std::string("\x80\0", 2)};
  return {format_json_line(plain), format_json_line(binary),
          R"({"nested":[1,{"a":[null,1.5e300,-1]}],"payload":"\u20ac\n"})"};
}

std::size_t fuzz::replayed_mutations() {
  return usual_mutations;
}
