#include <algorithm>
#include <fstream>
#include <sstream>

#include <shoal/net/context_impl.hpp>
#include <shoal/net/plain_link.hpp>
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

/// The links, used in turn.
class PlainSocket::Impl {
 public:
  Impl(Context::Impl& context, runtime::Reactor& reactor, Kind kind, PlainOptions options,
       std::function<bool()> ready)
      : options_(std::move(options)),
        shared_{.context = context,
                .reactor = reactor,
                .kind = kind,
                .options = options_,
                .wake = [this] { touch(); },
                .peers_changed = [this] { watch_for_peers(); },
                .notices = Notices(reactor)},
        ready_(std::move(ready)) {
    listen(endpoints_of(options_.binds, false));
    dial(endpoints_of(options_.connects, true));
    watch_for_peers();
  }

  ~Impl() {
    if (closing_ && !closed()) shared_.context.abandon();
  }

  bool send(const Bytes& message) {
    for (std::size_t tried = 0; tried < links_.size() && !closing_; ++tried) {
      next_ = (next_ + 1) % links_.size();
      if (links_[next_]->send(message)) return true;
    }
    return false;
  }

  std::optional<Bytes> receive() {
    for (std::size_t tried = 0; tried < links_.size() && !closing_; ++tried) {
      next_ = (next_ + 1) % links_.size();
      if (auto message = links_[next_]->receive()) return message;
    }
    return std::nullopt;
  }

  void touch() {
    if (check_ || closing_) return;
    check_ = shared_.reactor.before_wait([this] {
      if (!closing_ && ready_()) return true;
      check_.reset();
      return false;
    });
  }

  void close() {
    if (std::exchange(closing_, true)) return;
    waiting_.reset();
    // The socket's own callback may be running.
    close_ = shared_.reactor.before_wait([this] {
      for (auto& link : links_) link->close();
      close_.reset();
      return true;
    });
  }

  bool closed() const {
    return closing_ && std::ranges::all_of(links_, [](auto& link) { return link->gone(); });
  }

  const std::vector<std::string>& bound() const { return bound_; }
  bool had_peer() const { return had_peer_; }

 private:
  void listen(const std::vector<Endpoint>& endpoints) {
    if (endpoints.empty()) return;
    links_.push_back(std::make_unique<PlainLink>(shared_));
    for (const Endpoint& endpoint : endpoints) bound_.push_back(links_.back()->bind(endpoint));
  }

  void dial(const std::vector<Endpoint>& endpoints) {
    for (const Endpoint& endpoint : endpoints) {
      if (endpoint.kind == Endpoint::Kind::dns_tcp || endpoint.port == "*" ||
          endpoint.host == "*") {
        throw Error("cannot dial " + endpoint.text() +
                        " on the plain lane; name one host and a port, as tcp://HOST:PORT",
                    ExitCode::usage);
      }
      if (!shared_.context.may_use(endpoint)) throw Context::Impl::not_allowed(endpoint);
      links_.push_back(std::make_unique<PlainLink>(shared_));
      links_.back()->dial(endpoint);
      dialled_.push_back(endpoint.text());
    }
  }

  bool has_peer() const {
    return std::ranges::any_of(links_, [](auto& link) { return link->peers() > 0; });
  }

  void watch_for_peers() {
    if (has_peer()) {
      had_peer_ = true;
      waiting_.reset();
    } else if (!waiting_ && !closing_) {
      waiting_ =
          shared_.reactor.at(std::chrono::steady_clock::now() + options_.waiting_notice, [this] {
            waiting_.reset();
            say_waiting();
          });
    }
  }

  void say_waiting() const {
    auto list = [](const std::vector<std::string>& words) {
      std::string text;
      for (const std::string& word : words) text.append(text.empty() ? "" : ", ").append(word);
      return text;
    };
    std::string where = dialled_.empty() ? "" : " at " + list(dialled_);
    if (!bound_.empty())
      where += (where.empty() ? "" : ", or for one") + (" to dial " + list(bound_));
    log_info(std::string("waiting ") + (had_peer_ ? "again " : "") + "for a " + options_.peer +
             where);
  }

  PlainOptions options_;
  PlainShared shared_;
  std::function<bool()> ready_;
  std::vector<std::unique_ptr<PlainLink>> links_;
  std::vector<std::string> bound_;
  std::vector<std::string> dialled_;
  std::size_t next_ = 0;
  bool had_peer_ = false;
  bool closing_ = false;
  runtime::Registration check_;
  runtime::Registration close_;
  runtime::Registration waiting_;
};

PlainSocket::PlainSocket(Context& context, runtime::Reactor& reactor, Kind kind,
                         PlainOptions options, std::function<bool()> ready)
    : impl_(std::make_unique<Impl>(context.impl(), reactor, kind, std::move(options),
                                   std::move(ready))) {}

PlainSocket::~PlainSocket() = default;

bool PlainSocket::send(const Bytes& message) {
  return impl_->send(message);
}

std::optional<Bytes> PlainSocket::receive() {
  return impl_->receive();
}

void PlainSocket::touch() {
  impl_->touch();
}

void PlainSocket::close() {
  impl_->close();
}

bool PlainSocket::closed() const {
  return impl_->closed();
}

std::vector<std::string> PlainSocket::bound() const {
  return impl_->bound();
}

bool PlainSocket::had_peer() const {
  return impl_->had_peer();
}

}  // namespace shoal::net
