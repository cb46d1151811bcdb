#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

#include <shoal/base/utf8.hpp>
#include <shoal/net/dial_book.hpp>

namespace shoal::net {
namespace {

constexpr std::chrono::milliseconds look_at_files(500);

bool same_file(const struct stat& a, const struct stat& b) {
  return a.st_ino == b.st_ino && a.st_dev == b.st_dev && a.st_size == b.st_size &&
         a.st_mtim.tv_sec == b.st_mtim.tv_sec && a.st_mtim.tv_nsec == b.st_mtim.tv_nsec;
}

}  // namespace

DialBook::DialBook(PortShared& shared, const std::vector<std::string>& lists) : shared_(shared) {
  for (const std::string& list : lists) {
    Result<std::vector<EndpointSource>> sources = parse_endpoint_list(list);
    if (!sources) throw Error(sources.reason(), ExitCode::usage);
    for (EndpointSource& source : *sources) {
      if (source.is_file) {
        files_.push_back({.path = std::move(source.text), .seen = {}, .endpoints = {}});
      } else {
        given_.push_back(*parse_endpoint(source.text));
      }
    }
  }
  for (File& file : files_) read(file);
  for (const Endpoint& endpoint : listed()) {
    if (endpoint.port == "*" || endpoint.host == "*") {
      throw Error("cannot dial " + endpoint.text() + ": * is for listening; name a host and a port",
                  ExitCode::usage);
    }
    if (!shared_.context.may_use(endpoint)) throw Context::Impl::not_allowed(endpoint);
  }
  if (!files_.empty()) {
    file_timer_ = shared_.reactor.every(look_at_files, [this] { read_files_again(); });
  }
  name_timer_ = shared_.reactor.every(shared_.options.lookup_again, [this] {
    look_up_again();
    sweep();
  });
  sync();
}

DialBook::~DialBook() {
  for (auto& [text, name] : names_) shared_.resolver.forget(name.question);
}

void DialBook::dial_also(const std::vector<std::string>& endpoints) {
  learned_.clear();
  for (const std::string& text : endpoints) {
    Result<Endpoint> endpoint = parse_endpoint(text);
    bool dialable = endpoint && endpoint->port != "*" && endpoint->host != "*";
    if (dialable) {
      learned_.push_back(*std::move(endpoint));
    } else {
      shared_.notices.warn(text, "cannot dial " + printable(text) + ", which a peer has named");
    }
  }
  sync();
}

bool DialBook::read(File& file) {
  struct stat now {};
  std::ifstream in(file.path, std::ios::binary);
  if (!in || stat(file.path.c_str(), &now) != 0) {
    file.seen.reset();
    shared_.notices.warn(file.path, "cannot read " + file.path + "; keeping what it last said");
    return false;
  }
  if (file.seen && same_file(*file.seen, now)) return false;
  std::ostringstream content;
  content << in.rdbuf();
  file.seen = now;
  Result<std::vector<Endpoint>> endpoints = parse_endpoint_file(content.view());
  if (!endpoints) {
    shared_.notices.warn(
        file.path, file.path + ", " + endpoints.reason() + "; keeping what the file said before");
    return false;
  }
  shared_.notices.forget(file.path);
  file.endpoints = *std::move(endpoints);
  return true;
}

void DialBook::read_files_again() {
  bool changed = false;
  for (File& file : files_) changed = read(file) || changed;
  if (changed) sync();
  sweep();
}

std::vector<Endpoint> DialBook::listed() const {
  std::vector<Endpoint> all = given_;
  all.insert(all.end(), learned_.begin(), learned_.end());
  for (const File& file : files_)
    all.insert(all.end(), file.endpoints.begin(), file.endpoints.end());
  return all;
}

Endpoint DialBook::at_address(const Name& name, const std::string& address) const {
  return {.kind = Endpoint::Kind::tcp, .host = address, .port = name.endpoint.port};
}

void DialBook::look_up_again() {
  for (auto& [text, name] : names_) {
    if (name.question == 0) look_up(text, name.endpoint);
  }
}

void DialBook::look_up(const std::string& text, const Endpoint& endpoint) {
  names_[text].endpoint = endpoint;
  if (is_address(endpoint.host)) {
    names_[text].known = true;
    names_[text].addresses = {endpoint.host};
    return;
  }
  names_[text].question = shared_.resolver.ask(
      endpoint.host, [this, text](Addresses addresses) { looked_up(text, std::move(addresses)); });
}

void DialBook::looked_up(const std::string& text, Addresses addresses) {
  Name& name = names_[text];
  name.question = 0;
  if (!addresses) {
    shared_.notices.warn(text, "cannot look up " + name.endpoint.host + ": " + addresses.reason() +
                                   "; trying again");
    retry_timer_ =
        shared_.reactor.at(std::chrono::steady_clock::now() + shared_.options.redial_most,
                           [this] { look_up_again(); });
    return;
  }
  shared_.notices.forget(text);
  // Who left the name but still talks to us stays: its session ends when it wants.
  std::set<std::string> now(addresses->begin(), addresses->end());
  for (const std::string& old : name.addresses) {
    auto dialer = dialers_.find(at_address(name, old).text());
    if (dialer != dialers_.end() && dialer->second->is_up()) now.insert(old);
  }
  name.addresses.assign(now.begin(), now.end());
  name.known = true;
  sync();
}

void DialBook::sync_names(const std::vector<Endpoint>& listed) {
  std::set<std::string> wanted;
  for (const Endpoint& endpoint : listed) {
    if (endpoint.kind != Endpoint::Kind::dns_tcp) continue;
    std::string text = endpoint.text();
    wanted.insert(text);
    if (!names_.contains(text)) look_up(text, endpoint);
  }
  std::erase_if(names_, [&](auto& entry) {
    if (wanted.contains(entry.first)) return false;
    shared_.resolver.forget(entry.second.question);
    return true;
  });
}

void DialBook::sync() {
  if (leaving_) return;
  std::vector<Endpoint> all = listed();
  sync_names(all);
  std::map<std::string, Endpoint> wanted;
  for (const Endpoint& endpoint : all) {
    bool dialable = endpoint.kind != Endpoint::Kind::dns_tcp && endpoint.port != "*";
    if (!dialable) continue;
    if (shared_.context.may_use(endpoint)) {
      wanted.emplace(endpoint.text(), endpoint);
    } else {
      shared_.notices.warn(endpoint.text(), Context::Impl::not_allowed(endpoint).what());
    }
  }
  for (const auto& [text, name] : names_) {
    if (!shared_.context.may_use(name.endpoint)) continue;
    for (const std::string& address : name.addresses) {
      Endpoint endpoint = at_address(name, address);
      wanted.emplace(endpoint.text(), endpoint);
    }
  }
  for (auto at = dialers_.begin(); at != dialers_.end();) {
    bool stays = wanted.contains(at->first);
    if (!stays) retired_.push_back(std::move(at->second));
    at = stays ? std::next(at) : dialers_.erase(at);
  }
  for (auto& dialer : retired_) dialer->retire();
  for (const auto& [text, endpoint] : wanted) {
    auto& dialer = dialers_[text];
    if (!dialer) dialer = std::make_unique<Dialer>(shared_, endpoint);
  }
}

void DialBook::sweep() {
  std::erase_if(retired_, [](const auto& dialer) { return dialer->is_done(); });
}

bool DialBook::all_settled() const {
  return std::all_of(names_.begin(), names_.end(),
                     [](auto& entry) { return entry.second.known; }) &&
         std::all_of(dialers_.begin(), dialers_.end(),
                     [](auto& entry) { return entry.second->is_settled(); });
}

bool DialBook::any_greeting() const {
  return std::any_of(dialers_.begin(), dialers_.end(),
                     [](auto& entry) { return entry.second->is_greeting(); });
}

std::vector<std::string> DialBook::targets() const {
  std::vector<std::string> all;
  for (const Endpoint& endpoint : listed()) all.push_back(endpoint.text());
  for (const File& file : files_) {
    if (file.endpoints.empty()) all.push_back("@" + file.path);
  }
  return all;
}

void DialBook::retire() {
  leaving_ = true;
  file_timer_.reset();
  name_timer_.reset();
  retry_timer_.reset();
  for (auto& [text, dialer] : dialers_) dialer->retire();
}

}  // namespace shoal::net
