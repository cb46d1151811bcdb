#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <csignal>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

#include <shoal/base/error.hpp>
#include <shoal/base/loopback.hpp>
#include <shoal/runtime/mailbox.hpp>
#include <shoal/web/gate.hpp>
#include <shoal/web/web_client.hpp>
#include <shoal/web/web_server.hpp>

namespace shoal::web {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using Request = WebClient::Request;
using Response = http::response<http::string_body>;

namespace {

constexpr const char* policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

constexpr std::uint32_t most_head = 8192;

// Connections that are no WebSockets (yet): so that nobody takes all descriptors.
constexpr long most_requests = 256;

// Octets on their way to the web thread, those for several clients counted for each.
constexpr std::size_t most_ordered = 256UL << 20;

std::string_view view(beast::string_view text) {
  return {text.data(), text.size()};
}

Response answer(const Request& request, http::status status, std::string_view type,
                std::string_view body) {
  Response response(status, request.version());
  response.set(http::field::content_type, beast::string_view(type.data(), type.size()));
  response.set(http::field::cache_control, "no-cache");
  response.set("Content-Security-Policy", policy);
  response.set("X-Content-Type-Options", "nosniff");
  response.set("Referrer-Policy", "no-referrer");
  response.keep_alive(request.keep_alive() && status == http::status::ok);
  if (request.method() != http::verb::head) response.body() = body;
  response.content_length(body.size());
  return response;
}

}  // namespace

/// A connection until it becomes a WebSocket, or is closed.
class HttpConnection : public std::enable_shared_from_this<HttpConnection> {
 public:
  /// Called with the request that asks for a WebSocket; answers why not, or takes the stream.
  using Upgrade = std::function<std::optional<Response>(const Request&, beast::tcp_stream&)>;

  HttpConnection(tcp::socket socket, const WebServerOptions& options, const Gate& gate,
                 std::shared_ptr<const void> place, Upgrade upgrade)
      : stream_(std::move(socket)),
        options_(options),
        gate_(gate),
        place_(std::move(place)),
        upgrade_(std::move(upgrade)) {}

  void read() {
    parser_.emplace();
    parser_->header_limit(most_head);
    parser_->body_limit(0);
    stream_.expires_after(options_.handshake);
    http::async_read(stream_, buffer_, *parser_,
                     [self = shared_from_this()](beast::error_code error, std::size_t) {
                       if (!error) self->respond(self->parser_->release());
                     });
  }

 private:
  void respond(Request request) {
    if (beast::websocket::is_upgrade(request) &&
        gate_.allows_host(view(request[http::field::host]))) {
      std::optional<Response> refusal = upgrade_(request, stream_);
      if (refusal) write(*std::move(refusal));
      return;
    }
    write(file(request));
  }

  Response file(const Request& request) const {
    constexpr std::string_view text = "text/plain; charset=utf-8";
    if (!gate_.allows_host(view(request[http::field::host]))) {
      return answer(request, http::status::bad_request, text,
                    "This server does not go by that name; its option --origin names those of a "
                    "proxy before it.\n");
    }
    if (request.method() != http::verb::get && request.method() != http::verb::head) {
      return answer(request, http::status::method_not_allowed, text, "Only GET and HEAD.\n");
    }
    std::string_view path = view(request.target()).substr(0, request.target().find('?'));
    for (const WebFile& file : options_.files) {
      if (file.path == path) return answer(request, http::status::ok, file.type, file.content);
    }
    return answer(request, http::status::not_found, text, "There is no such page.\n");
  }

  void write(Response response) {
    auto kept = std::make_shared<Response>(std::move(response));
    http::async_write(stream_, *kept,
                      [self = shared_from_this(), kept](beast::error_code error, std::size_t) {
                        if (error) return;
                        if (kept->keep_alive()) return self->read();
                        self->stream_.socket().shutdown(tcp::socket::shutdown_send, error);
                      });
  }

  beast::tcp_stream stream_;
  const WebServerOptions& options_;
  const Gate& gate_;
  std::shared_ptr<const void> place_;  // among those that may be open at a time
  Upgrade upgrade_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
};

class WebServer::Impl : public WebClientEvents {
 public:
  Impl(runtime::Reactor& reactor, WebServerOptions options, WebEvents& events)
      : options_(std::move(options)),
        events_(events),
        gate_(parse_listen(options_.listen).host, options_.origins),
        letters_(reactor, [this](Letter letter) { take(std::move(letter)); }),
        acceptor_(io_) {
    listen();
    accept();
    // Signals are the Reactor's.
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    thread_ = std::thread([this] { io_.run(); });
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }

  ~Impl() override {
    io_.stop();
    thread_.join();
  }

  std::string url() const {
    HostPort parts = parse_listen(options_.listen);
    std::string host = parts.host == "*" ? "localhost" : parts.host;
    if (host.find(':') != std::string::npos) host = "[" + host + "]";
    return "http://" + host + ":" + std::to_string(port_) + "/";
  }

  void send(ClientId client, std::shared_ptr<const std::string> text) {
    put({client, Order::Kind::send, std::move(text)});
  }

  void close(ClientId client) { put({client, Order::Kind::close, nullptr}); }

 private:
  struct Letter {
    enum class Kind { open, text, closed };
    Kind kind = Kind::open;
    ClientId client = 0;
    std::string text;
  };

  struct Order {  // for the web thread
    enum class Kind { send, close, cut };
    ClientId client = 0;
    Kind kind = Kind::send;
    std::shared_ptr<const std::string> text;
  };

  void listen() {
    HostPort parts = parse_listen(options_.listen);
    beast::error_code error;
    tcp::resolver resolver(io_);
    std::string host = parts.host == "*" ? "0.0.0.0" : parts.host;
    auto found = resolver.resolve(host, parts.port, tcp::resolver::passive, error);
    if (!error) bind(found.begin()->endpoint(), error);
    if (error) {
      throw Error("cannot serve at " + options_.listen + ": " + error.message() +
                  "; name another host or port");
    }
    port_ = acceptor_.local_endpoint().port();
  }

  void bind(const tcp::endpoint& endpoint, beast::error_code& error) {
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
  }

  void accept() {
    acceptor_.async_accept([this](beast::error_code error, tcp::socket socket) {
      if (!error) {
        beast::error_code ignored;
        socket.set_option(tcp::no_delay(true), ignored);
        auto upgrade = [this](const Request& request, beast::tcp_stream& stream) {
          return open(request, stream);
        };
        if (places_.use_count() <= most_requests) {
          std::make_shared<HttpConnection>(std::move(socket), options_, gate_, places_, upgrade)
              ->read();
        }
        return accept();
      }
      // Out of descriptors, most likely: again in a while.
      retry_.expires_after(std::chrono::milliseconds(100));
      retry_.async_wait([this](beast::error_code stopped) {
        if (!stopped) accept();
      });
    });
  }

  std::optional<Response> open(const Request& request, beast::tcp_stream& stream) {
    auto refuse = [&](http::status status, std::string_view why) {
      return answer(request, status, "text/plain; charset=utf-8", why);
    };
    if (view(request.target()) != options_.socket) {
      return refuse(http::status::not_found, "There is no such page.\n");
    }
    if (!gate_.allows_origin(view(request[http::field::origin]),
                             view(request[http::field::host]))) {
      return refuse(http::status::forbidden, "Pages of that origin may not connect here.\n");
    }
    if (clients_.size() >= options_.clients) {
      return refuse(http::status::service_unavailable, "As many are here as there is room for.\n");
    }
    ClientId id = ++last_client_;
    auto client = std::make_shared<WebClient>(id, std::move(stream), options_, *this);
    clients_[id] = client;
    client->accept(request, [this, id] { letters_.put({Letter::Kind::open, id, ""}); });
    return std::nullopt;
  }

  void on_frame(ClientId client, std::string text) override {
    letters_.put({Letter::Kind::text, client, std::move(text)});
  }

  void on_end(ClientId client) override {
    if (clients_.erase(client) > 0) letters_.put({Letter::Kind::closed, client, ""});
  }

  /// On the Reactor's thread.
  void take(Letter letter) {
    ClientId client = letter.client;
    switch (letter.kind) {
      case Letter::Kind::open:
        return events_.on_open(client);
      case Letter::Kind::closed:
        return events_.on_closed(client);
      case Letter::Kind::text:
        events_.on_text(client, std::move(letter.text));
        return with(client, [](WebClient& found) { found.go_on(); });
    }
  }

  /// Has the web thread carry out an order, after all before it. Where it does not keep up, a
  /// client is cut off instead of sent more: it comes back for what it lacks.
  void put(Order order) {
    bool first = false;
    {
      std::scoped_lock lock(mutex_);
      const std::size_t bytes = order.text ? order.text->size() : 0;
      if (ordered_bytes_ + bytes > most_ordered) {
        order = {order.client, Order::Kind::cut, nullptr};
      } else {
        ordered_bytes_ += bytes;
      }
      first = orders_.empty();
      orders_.push_back(std::move(order));
    }
    if (first) asio::post(io_, [this] { carry_out(); });
  }

  /// On the web thread.
  void carry_out() {
    std::vector<Order> orders;
    {
      std::scoped_lock lock(mutex_);
      orders.swap(orders_);
      ordered_bytes_ = 0;
    }
    for (Order& order : orders) {
      auto found = clients_.find(order.client);
      if (found == clients_.end()) continue;
      std::shared_ptr<WebClient> alive = found->second;
      if (order.kind == Order::Kind::send) {
        alive->send(std::move(order.text));
      } else {
        alive->close(order.kind == Order::Kind::cut);
      }
    }
  }

  /// Does something with a client on the web thread, if it is still there.
  void with(ClientId client, std::function<void(WebClient&)> act) {
    asio::post(io_, [this, client, act = std::move(act)] {
      auto found = clients_.find(client);
      if (found == clients_.end()) return;
      std::shared_ptr<WebClient> alive = found->second;
      act(*alive);
    });
  }

  WebServerOptions options_;
  WebEvents& events_;
  Gate gate_;
  runtime::Mailbox<Letter> letters_;
  std::mutex mutex_;
  std::vector<Order> orders_;  // with mutex_
  std::size_t ordered_bytes_ = 0;
  asio::io_context io_{1};
  std::shared_ptr<const void> places_ = std::make_shared<int>();  // its count is what matters
  std::map<ClientId, std::shared_ptr<WebClient>> clients_;        // on the web thread
  ClientId last_client_ = 0;
  tcp::acceptor acceptor_;
  asio::steady_timer retry_{io_};
  std::uint16_t port_ = 0;
  std::thread thread_;
};

WebServer::WebServer(runtime::Reactor& reactor, WebServerOptions options, WebEvents& events)
    : impl_(std::make_unique<Impl>(reactor, std::move(options), events)) {}

WebServer::~WebServer() = default;

std::string WebServer::url() const {
  return impl_->url();
}

bool WebServer::is_loopback(const std::string& listen) {
  return is_loopback_host(parse_listen(listen).host);
}

void WebServer::send(ClientId client, std::shared_ptr<const std::string> text) {
  impl_->send(client, std::move(text));
}

void WebServer::close(ClientId client) {
  impl_->close(client);
}

}  // namespace shoal::web
