#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <shoal/base/result.hpp>

namespace shoal::net {

/// Where to bind or connect.
struct Endpoint {
  enum class Kind { tcp, ipc, dns_tcp };

  Kind kind = Kind::tcp;
  std::string host;  ///< tcp: a name, an address (IPv6 without brackets) or `*`; ipc: the path
  std::string port;  ///< tcp: 1-65535, or `*` for any free one (binds only)

  /// As people write it in full and libzmq takes it: `tcp://host:port`, `tcp://[::1]:port`,
  /// `ipc://path`; `dns+tcp://name:port` is ours alone.
  std::string text() const;

  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

/// Parses `tcp://host:port`, `ipc://path`, `dns+tcp://name:port`, or short: `5016` and `:5016` are
/// tcp://127.0.0.1:5016, `host:5016` is tcp://host:5016. The reason of a failure names the text and
/// how to write it.
Result<Endpoint> parse_endpoint(std::string_view text);

/// One element of an endpoint list: an endpoint, or `@FILE`, which stands for the endpoints in
/// FILE.
struct EndpointSource {
  std::string text;  ///< an endpoint, or the path of the file
  bool is_file = false;
};

/// Splits lists such as `5016,tcp://host:5017,@peers.txt` at the commas. Empty elements are
/// refused.
Result<std::vector<EndpointSource>> parse_endpoint_list(std::string_view list);

/// Reads an endpoint file: one endpoint a line; blank lines and `#` comments are skipped.
Result<std::vector<Endpoint>> parse_endpoint_file(std::string_view content);

/// Whether the endpoint cannot be reached from another machine: ipc, 127.0.0.0/8 (also as
/// ::ffff:127.0.0.1), ::1, localhost.
bool is_loopback(const Endpoint& endpoint);

}  // namespace shoal::net
