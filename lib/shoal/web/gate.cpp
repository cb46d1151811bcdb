#include <algorithm>
#include <arpa/inet.h>
#include <cctype>

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

/// An Origin without its scheme; nothing where it has none of ours.
std::string_view host_of_origin(std::string_view origin) {
  for (std::string_view scheme : {"http://", "https://"}) {
    if (origin.starts_with(scheme)) return origin.substr(scheme.size());
  }
  return {};
}

}  // namespace

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

bool is_address_or_local(const std::string& host) {
  in_addr v4{};
  in6_addr v6{};
  return host == "localhost" || host.ends_with(".localhost") ||
         inet_pton(AF_INET, host.c_str(), &v4) == 1 || inet_pton(AF_INET6, host.c_str(), &v6) == 1;
}

Gate::Gate(const std::string& listen, std::vector<std::string> origins)
    : hosts_{lower(listen)}, origins_(std::move(origins)) {
  for (std::string& origin : origins_) {
    origin = lower(origin);
    if (origin.ends_with('/')) origin.pop_back();
    hosts_.push_back(split_host(host_of_origin(origin)).host);
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
