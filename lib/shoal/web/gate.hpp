#pragma once

#include <string>
#include <string_view>
#include <vector>

/// Whom a web server serves: the checks against pages of other origins (PROTOCOL.md, WEB-1).
namespace shoal::web {

/// A name and a port as they stand in Host and after the `//` of an Origin; an IPv6 address without
/// its brackets. The port is empty where it is left out.
struct HostPort {
  std::string host;
  std::string port;
};

/// Nothing in `host` when the text is no host with or without a port.
HostPort split_host(std::string_view text);

/// Where `--http` says to listen: HOST:PORT, or PORT alone on 127.0.0.1. Port 0, or none after a
/// host, is any free one. Throws Error for anything else.
HostPort parse_listen(std::string_view text);

/// Whether `text` is the origin of a page, as a browser says it: `https://HOST` or `http://HOST`,
/// with `:PORT` or a `/` after it where wanted, and nothing else. Anything else would match
/// nothing.
bool is_origin(std::string_view text);

/// The two checks for one server.
class Gate {
 public:
  /// `listen`: the host we were told to listen on. `origins`: allowed besides our own; is_origin().
  Gate(const std::string& listen, const std::vector<std::string>& origins);

  /// Names that are no address could be pointed at us by anybody (DNS rebinding): only our own and
  /// those of the allowed origins are good.
  bool allows_host(std::string_view host) const;

  /// Whether a page of this origin may open a WebSocket at a server that it calls `host`. Programs
  /// other than browsers send none: empty is allowed.
  bool allows_origin(std::string_view origin, std::string_view host) const;

 private:
  std::vector<std::string> hosts_;
  std::vector<std::string> origins_;
};

}  // namespace shoal::web
