#include <algorithm>
#include <arpa/inet.h>
#include <charconv>
#include <sys/un.h>

#include <shoal/base/loopback.hpp>
#include <shoal/base/trim.hpp>
#include <shoal/net/endpoint.hpp>

namespace shoal::net {
namespace {

constexpr std::string_view how_to_write =
    "write tcp://HOST:PORT, ipc://PATH, dns+tcp://NAME:PORT, HOST:PORT or PORT";

Failure bad_endpoint(std::string_view text, std::string_view why) {
  std::string reason = "'";
  reason.append(text).append("' is not an endpoint (").append(why).append("); ");
  return Failure{reason.append(how_to_write)};
}

bool take_prefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

bool is_port(std::string_view text) {
  if (text == "*") return true;
  unsigned number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && number >= 1 &&
         number <= 65535 && text[0] != '0';
}

bool is_ipv6(const std::string& host) {
  in6_addr address{};
  return inet_pton(AF_INET6, host.substr(0, host.find('%')).c_str(), &address) == 1;
}

bool is_host(const std::string& host) {
  if (host.find(':') != std::string::npos) return is_ipv6(host);
  return !host.empty() && std::all_of(host.begin(), host.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '.' || c == '-' || c == '_' || c == '*';
  });
}

Result<Endpoint> parse_tcp(std::string_view text, std::string_view address, Endpoint::Kind kind) {
  std::size_t colon = address.rfind(':');
  std::string_view host = colon == std::string_view::npos ? "" : address.substr(0, colon);
  std::string_view port = colon == std::string_view::npos ? address : address.substr(colon + 1);
  bool bracketed = host.size() >= 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  Endpoint endpoint{.kind = kind, .host = std::string(host), .port = std::string(port)};
  if (!is_port(port)) return bad_endpoint(text, "a port is a number from 1 to 65535, or *");
  if (bracketed && !is_ipv6(endpoint.host)) return bad_endpoint(text, "no IPv6 address in []");
  if (!bracketed && host.find(':') != std::string_view::npos) {
    return bad_endpoint(text, "an IPv6 address stands in []");
  }
  if (!is_host(endpoint.host)) return bad_endpoint(text, "not a host name or address");
  return endpoint;
}

Result<Endpoint> parse_ipc(std::string_view text, std::string_view path) {
  if (path.empty()) return bad_endpoint(text, "no path");
  if (path.size() >= sizeof(sockaddr_un::sun_path)) {
    return bad_endpoint(text, "a socket's path is at most 107 bytes long");
  }
  return Endpoint{.kind = Endpoint::Kind::ipc, .host = std::string(path), .port = {}};
}

}  // namespace

std::string Endpoint::text() const {
  if (kind == Kind::ipc) return "ipc://" + host;
  std::string_view scheme = kind == Kind::dns_tcp ? "dns+tcp://" : "tcp://";
  bool bracket = host.find(':') != std::string::npos;
  std::string text(scheme);
  text += bracket ? "[" + host + "]" : host;
  return text + ":" + port;
}

Result<Endpoint> parse_endpoint(std::string_view text) {
  text = trim(text);
  std::string_view rest = text;
  if (text.empty()) return bad_endpoint(text, "empty");
  if (take_prefix(rest, "ipc://")) return parse_ipc(text, rest);
  if (take_prefix(rest, "dns+tcp://")) return parse_tcp(text, rest, Endpoint::Kind::dns_tcp);
  if (take_prefix(rest, "tcp://")) return parse_tcp(text, rest, Endpoint::Kind::tcp);
  if (text.find("://") != std::string_view::npos) return bad_endpoint(text, "unknown transport");
  bool port_only = text.find(':') == std::string_view::npos;
  if (port_only) return parse_tcp(text, "127.0.0.1:" + std::string(text), Endpoint::Kind::tcp);
  if (text[0] == ':') return parse_tcp(text, "127.0.0.1" + std::string(text), Endpoint::Kind::tcp);
  return parse_tcp(text, text, Endpoint::Kind::tcp);
}

Result<std::vector<EndpointSource>> parse_endpoint_list(std::string_view list) {
  std::vector<EndpointSource> sources;
  while (true) {
    std::size_t comma = list.find(',');
    std::string_view element = trim(list.substr(0, comma));
    if (element.empty())
      return Failure{"an empty endpoint in a list; " + std::string(how_to_write)};
    if (element[0] == '@') {
      if (element.size() == 1) return Failure{"'@' without a file name; write @FILE"};
      sources.push_back({.text = std::string(element.substr(1)), .is_file = true});
    } else {
      Result<Endpoint> endpoint = parse_endpoint(element);
      if (!endpoint) return Failure{endpoint.reason()};
      sources.push_back({.text = std::string(element), .is_file = false});
    }
    if (comma == std::string_view::npos) return sources;
    list.remove_prefix(comma + 1);
  }
}

Result<std::vector<Endpoint>> parse_endpoint_file(std::string_view content) {
  std::vector<Endpoint> endpoints;
  std::size_t number = 0;
  while (!content.empty()) {
    std::size_t end = content.find('\n');
    std::string_view line = content.substr(0, end);
    content.remove_prefix(end == std::string_view::npos ? content.size() : end + 1);
    ++number;
    line = trim(line.substr(0, line.find('#')));
    if (line.empty()) continue;
    Result<Endpoint> endpoint = parse_endpoint(line);
    if (!endpoint) return Failure{"line " + std::to_string(number) + ": " + endpoint.reason()};
    endpoints.push_back(*std::move(endpoint));
  }
  return endpoints;
}

bool is_loopback(const Endpoint& endpoint) {
  return endpoint.kind == Endpoint::Kind::ipc || is_loopback_host(endpoint.host);
}

}  // namespace shoal::net
