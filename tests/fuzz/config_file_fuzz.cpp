// Config files.

#include <shoal/app/config_file.hpp>
#include <shoal/base/assert.hpp>
#include <shoal/base/error.hpp>

#include "target.hpp"

using namespace shoal;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    (void)app::parse_config(fuzz::text_of(data, size), "worker");
  } catch (const Error& error) {
    SHOAL_ASSERT(error.code() == ExitCode::usage);
  }
  return 0;
}

std::vector<std::string> fuzz::valid_inputs() {
  return {"timeout = \"5s\"\n", "# all nodes\njobs=4\n[worker]\nfrom = [\"5016\", \"host:5016\"]\n",
          "[sink]\noutput = 'a # b'\n[worker]\nonce = true\n"};
}

std::size_t fuzz::replayed_mutations() {
  return usual_mutations;
}
