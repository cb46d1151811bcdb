// Endpoints, lists of them, and the files that hold lists.

#include <shoal/base/assert.hpp>
#include <shoal/net/endpoint.hpp>

#include "target.hpp"

using namespace shoal;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text = fuzz::text_of(data, size);
  if (Result<net::Endpoint> endpoint = net::parse_endpoint(text)) {
    (void)net::is_loopback(*endpoint);
    Result<net::Endpoint> again = net::parse_endpoint(endpoint->text());
    SHOAL_ASSERT(again && *again == *endpoint);
  }
  (void)net::parse_endpoint_list(text);
  (void)net::parse_endpoint_file(text);
  return 0;
}

std::vector<std::string> fuzz::valid_inputs() {
  return {"5016",
          ":5016",
          "host:5016",
          "tcp://[::1]:5016",
          "tcp://*:*",
          "ipc:///tmp/a socket",
          "dns+tcp://workers.example:5016",
          "5016,tcp://host:5017,@peers.txt",
          "# peers\n\ntcp://10.0.0.1:5016  # one\nhost:5017\n"};
}

std::size_t fuzz::replayed_mutations() {
  return usual_mutations;
}
