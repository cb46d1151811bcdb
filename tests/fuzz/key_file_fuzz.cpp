// Key files.

#include <shoal/net/keys.hpp>

#include "target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  (void)shoal::net::parse_key_file(shoal::fuzz::text_of(data, size));
  return 0;
}

std::vector<std::string> shoal::fuzz::valid_inputs() {
  const std::string key(40, 'k');
  return {"# a comment\nmetadata\n    name = \"n\"\ncurve\n    public-key = \"" + key +
              "\"\n    secret-key = \"" + key + "\"\n",
          "curve\n    public-key = \"" + key + "\"\n"};
}

std::size_t shoal::fuzz::replayed_mutations() {
  return usual_mutations;
}
