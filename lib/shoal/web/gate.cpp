#include <algorithm>
#include <arpa/inet.h>
#include <cctype>

#include <shoal/base/error.hpp>
#include <shoal/base/utf8.hpp>
#include <shoal/web/gate.hpp>

namespace shoal::web {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return std::tolower(c); });
  return out;
}

bool is_port(std::string_view text) {
  return !text.empty() && text.size() <= 5 &&
         std::ranges::all_of(text, [](unsigned char c) { return std::isdigit(c) != 0; });
}

/// Whether the name stands for this machine alone, or is written as an address.
bool is_address_or_local(const std::string& host) {
  in_addr v4{};
  in6_addr v6{};
  return host == "localhost" || host.ends_with(".localhost") ||
         inet_pton(AF_INET, host.c_str(), &v4) == 1 || inet_pton(AF_INET6, host.c_str(), &v6) == 1;
}

/// As is_address_or_local(), or letters, digits, hyphens and dots.
bool is_host(const std::string& host) {
  constexpr std::string_view others = "-._";
  auto good = [&](unsigned char c) {
    return (c < 0x80 && std::isalnum(c) != 0) || others.find(static_cast<char>(c)) != others.npos;
  };
  return is_address_or_local(host) || (!host.empty() && std::ranges::all_of(host, good));
}

/// An origin as a browser writes it, and the host in it; nothing in `host` where it is none.
struct Origin {
  std::string text;
  std::string host;
};

Origin origin_of(std::string_view text) {
  std::string whole = lower(text);
  if (whole.ends_with('/')) whole.pop_back();
  const bool secure = whole.starts_with("https://");
  const std::string scheme = secure ? "https://" : "http://";
  if (!whole.starts_with(scheme)) return {};
  HostPort parts = split_host(std::string_view(whole).substr(scheme.size()));
  if (!is_host(parts.host)) return {};
  // The usual port is left out.
  std::string usual = secure ? ":443" : ":80";
  if (":" + parts.port == usual) whole.resize(whole.size() - usual.size());
  return {.text = std::move(whole), .host = std::move(parts.host)};
}

}  // namespace

HostPort parse_listen(std::string_view text) {
  HostPort parts = is_port(text) ? HostPort{"127.0.0.1", std::string(text)} : split_host(text);
  if (parts.port.empty()) parts.port = "0";
  bool named = parts.host == "*" || is_host(parts.host);
  if (named && std::stoul(parts.port) <= 65535) return parts;
  throw Error("--http '" + printable(text) + "': write HOST:PORT, such as 127.0.0.1:8080",
              ExitCode::usage);
}

HostPort split_host(std::string_view text) {
  HostPort parts;
  std::string_view rest;
  if (text.starts_with('[')) {
    std::size_t end = text.find(']');
    if (end == std::string_view::npos) return {};
    parts.host = lower(text.substr(1, end - 1));
    rest = text.substr(end + 1);
  } else {
    std::size_t colon = text.find(':');
    parts.host = lower(text.substr(0, colon));
    rest = colon == std::string_view::npos ? std::string_view() : text.substr(colon);
  }
  if (rest.empty()) return parts;
  if (!rest.starts_with(':') || !is_port(rest.substr(1))) return {};
  parts.port = rest.substr(1);
  return parts;
}

bool is_origin(std::string_view text) {
  return !origin_of(text).host.empty();
}

Gate::Gate(const std::string& listen, const std::vector<std::string>& origins)
    : hosts_{lower(listen)} {
  for (const std::string& origin : origins) {
    Origin parts = origin_of(origin);
    if (parts.host.empty()) continue;
    origins_.push_back(std::move(parts.text));
    hosts_.push_back(std::move(parts.host));
  }
}

bool Gate::allows_host(std::string_view host) const {
  std::string name = split_host(host).host;
  if (name.empty()) return false;
  return is_address_or_local(name) || std::ranges::find(hosts_, name) != hosts_.end();
}

bool Gate::allows_origin(std::string_view origin, std::string_view host) const {
  if (origin.empty()) return true;
  std::string name = lower(origin);
  if (std::ranges::find(origins_, name) != origins_.end()) return true;
  return name == "http://" + lower(host);
}

}  // namespace shoal::web
