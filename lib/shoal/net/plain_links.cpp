#include <algorithm>
#include <fstream>
#include <sstream>

#include <shoal/net/plain_links.hpp>
#include <shoal/runtime/log.hpp>

namespace shoal::net {
namespace {

std::vector<Endpoint> read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream content;
  content << in.rdbuf();
  if (!in) throw Error("cannot read " + path + "; name a file of endpoints, one a line");
  Result<std::vector<Endpoint>> endpoints = parse_endpoint_file(content.view());
  if (!endpoints) throw Error(path + ", " + endpoints.reason(), ExitCode::usage);
  return *std::move(endpoints);
}

std::vector<Endpoint> endpoints_of(const std::vector<std::string>& lists, bool files) {
  std::vector<Endpoint> all;
  for (const std::string& list : lists) {
    Result<std::vector<EndpointSource>> sources = parse_endpoint_list(list);
    if (!sources) throw Error(sources.reason(), ExitCode::usage);
    for (const EndpointSource& source : *sources) {
      if (!source.is_file) {
        all.push_back(*parse_endpoint(source.text));
        continue;
      }
      if (!files) {
        throw Error("@" + source.text + ": @FILE is for dialling; name where to listen",
                    ExitCode::usage);
      }
      for (Endpoint& endpoint : read_file(source.text)) all.push_back(std::move(endpoint));
    }
  }
  return all;
}

}  // namespace

PlainLinks::PlainLinks(PlainShared shared, std::function<bool()> ready)
    : shared_(std::move(shared)), ready_(std::move(ready)) {
  shared_.wake = [this] { touch(); };
  shared_.peers_changed = [this] { watch_for_peers(); };
  listen(endpoints_of(shared_.options.binds, false));
  dial(endpoints_of(shared_.options.connects, true));
  watch_for_peers();
}

PlainLinks::~PlainLinks() {
  if (closing_ && !closed()) shared_.context.abandon();
}

PlainLink& PlainLinks::next() {
  next_ = (next_ + 1) % links_.size();
  return *links_[next_];
}

void PlainLinks::touch() {
  if (check_ || closing_) return;
  check_ = shared_.reactor.before_wait([this] {
    if (!closing_ && ready_()) return true;
    check_.reset();
    return false;
  });
}

void PlainLinks::close() {
  if (std::exchange(closing_, true)) return;
  waiting_.reset();
  // The socket's own callback may be running.
  close_ = shared_.reactor.before_wait([this] {
    for (auto& link : links_) link->close();
    close_.reset();
    return true;
  });
}

bool PlainLinks::closed() const {
  return closing_ && std::ranges::all_of(links_, [](auto& link) { return link->gone(); });
}

void PlainLinks::listen(const std::vector<Endpoint>& endpoints) {
  if (endpoints.empty()) return;
  links_.push_back(std::make_unique<PlainLink>(shared_));
  for (const Endpoint& endpoint : endpoints) bound_.push_back(links_.back()->bind(endpoint));
}

void PlainLinks::dial(const std::vector<Endpoint>& endpoints) {
  for (const Endpoint& endpoint : endpoints) {
    if (endpoint.kind == Endpoint::Kind::dns_tcp || endpoint.port == "*" || endpoint.host == "*") {
      throw Error(
          "cannot dial " + endpoint.text() + " here; name one host and a port, as tcp://HOST:PORT",
          ExitCode::usage);
    }
    if (!shared_.context.may_use(endpoint)) throw Context::Impl::not_allowed(endpoint);
    links_.push_back(std::make_unique<PlainLink>(shared_));
    links_.back()->dial(endpoint);
    dialled_.push_back(endpoint.text());
  }
}

int PlainLinks::peers() const {
  int peers = 0;
  for (auto& link : links_) peers += link->peers();
  return peers;
}

void PlainLinks::watch_for_peers() {
  if (peers() > 0) {
    had_peer_ = true;
    waiting_.reset();
  } else if (!waiting_ && !closing_) {
    waiting_ = shared_.reactor.at(std::chrono::steady_clock::now() + shared_.options.waiting_notice,
                                  [this] {
                                    waiting_.reset();
                                    say_waiting();
                                  });
  }
}

void PlainLinks::say_waiting() const {
  auto list = [](const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) text.append(text.empty() ? "" : ", ").append(word);
    return text;
  };
  std::string where = dialled_.empty() ? "" : " at " + list(dialled_);
  if (!bound_.empty())
    where += (where.empty() ? "" : ", or for one") + (" to dial " + list(bound_));
  log_info(std::string("waiting ") + (had_peer_ ? "again " : "") + "for a " + shared_.options.peer +
           where);
}

}  // namespace shoal::net
