#include <array>
#include <chrono>

#include <shoal/base/id.hpp>
#include <shoal/net/context_impl.hpp>
#include <shoal/runtime/log.hpp>

namespace shoal::net {
namespace {

constexpr int zap_enforce_domain = 93;  // ZMQ_ZAP_ENFORCE_DOMAIN: in libzmq, hidden by its header
constexpr int most_sockets = 8192;
constexpr std::chrono::seconds self_test_limit(5);

/// Both ends of the self-test's connections.
class SelfTest {
 public:
  SelfTest(Context::Impl& context, ZapHandler& handler, std::string server_key)
      : zmq_(context.zmq()),
        handler_(handler),
        server_key_(std::move(server_key)),
        server_(zmq_, zmq::socket_type::router),
        endpoint_("ipc://@shoal-self-test-" + Id::random().hex()) {
    server_.set(zmq::sockopt::linger, 0);
    context.secure_server(server_);
    server_.bind(endpoint_);
  }

  /// Connects with a key and says `word`.
  zmq::socket_t client(const KeyPair& key, std::string_view word) {
    zmq::socket_t socket(zmq_, zmq::socket_type::dealer);
    socket.set(zmq::sockopt::linger, 0);
    socket.set(zmq::sockopt::curve_publickey, key.public_key);
    socket.set(zmq::sockopt::curve_secretkey, key.secret_key);
    socket.set(zmq::sockopt::curve_serverkey, server_key_);
    socket.connect(endpoint_);
    socket.send(zmq::buffer(word), zmq::send_flags::dontwait);
    return socket;
  }

  /// Serves until the handler has turned someone away, something came in, or the limit passed.
  /// Returns what came in.
  std::string wait() {
    auto limit = std::chrono::steady_clock::now() + self_test_limit;
    while (std::chrono::steady_clock::now() < limit && handler_.turned_away() == refused_before_) {
      std::array<zmq::pollitem_t, 2> items = {
          {{server_.handle(), 0, ZMQ_POLLIN, 0},
           {handler_.socket().raw().handle(), 0, ZMQ_POLLIN, 0}}};
      zmq::poll(items, std::chrono::milliseconds(100));
      while (handler_.serve()) continue;
      zmq::message_t routing_id;
      zmq::message_t word;
      if (!server_.recv(routing_id, zmq::recv_flags::dontwait)) continue;
      if (server_.recv(word, zmq::recv_flags::dontwait)) return word.to_string();
    }
    refused_before_ = handler_.turned_away();
    return {};
  }

 private:
  zmq::context_t& zmq_;
  ZapHandler& handler_;
  std::string server_key_;
  zmq::socket_t server_;
  std::string endpoint_;
  std::uint64_t refused_before_ = 0;
};

}  // namespace

Context::Impl::Impl(runtime::Reactor& reactor, SecurityOptions security)
    : security_(std::move(security)) {
  if (security_.key.has_value() != security_.trust.has_value()) {
    throw Error("a key and whom to trust go together; give both --key and --trust",
                ExitCode::usage);
  }
  zmq_.set(zmq::ctxopt::max_sockets, most_sockets);
  if (!security_.key) return;
  own_ = read_key_pair(*security_.key);
  trusted_ = read_trusted_keys(*security_.trust);
  zap_ = std::make_unique<ZapHandler>(reactor, zmq_, trusted_);
  self_test(*zap_);
}

Context::Impl::~Impl() {
  zap_.reset();
  if (!abandoned_) return;
  // Reachable for ever, so that no leak is reported.
  [[maybe_unused]] static const auto* const left = new zmq::context_t(std::move(zmq_));
}

void Context::Impl::abandon() {
  abandoned_ = true;
}

void Context::Impl::self_test(ZapHandler& handler) {
  SelfTest test(*this, handler, own_->public_key);
  zmq::socket_t stranger = test.client(make_key_pair(), "stranger");
  bool open_to_all = !test.wait().empty();
  KeyPair friendly = make_key_pair();
  handler.trust({.name = "self-test", .public_key = friendly.public_key});
  zmq::socket_t friend_socket = test.client(friendly, "friend");
  bool works = test.wait() == "friend";
  handler.distrust_last();
  if (open_to_all || handler.turned_away() != 1 || !works) {
    throw Error("libzmq's authentication does not keep strangers out here; not starting",
                ExitCode::not_allowed);
  }
}

void Context::Impl::secure_server(zmq::socket_t& socket) const {
  if (!own_) return;
  socket.set(zmq::sockopt::curve_server, true);
  socket.set(zmq::sockopt::curve_secretkey, own_->secret_key);
  socket.set(zmq::sockopt::zap_domain, std::string(ZapHandler::domain));
  int enforce = 1;
  if (zmq_setsockopt(socket.handle(), zap_enforce_domain, &enforce, sizeof enforce) != 0) {
    throw Error("this libzmq cannot enforce authentication; install libzmq 4.3.2 or later",
                ExitCode::not_allowed);
  }
}

void Context::Impl::secure_client(zmq::socket_t& socket, const TrustedKey& server) const {
  if (!own_) return;
  socket.set(zmq::sockopt::curve_publickey, own_->public_key);
  socket.set(zmq::sockopt::curve_secretkey, own_->secret_key);
  socket.set(zmq::sockopt::curve_serverkey, server.public_key);
}

bool Context::Impl::may_use(const Endpoint& endpoint) {
  if (secure() || is_loopback(endpoint)) return true;
  if (!security_.insecure) return false;
  if (!warned_) {
    log_warning("insecure: " + endpoint.text() +
                " is open to other machines, unencrypted and to anyone");
  }
  warned_ = true;
  return true;
}

Error Context::Impl::not_allowed(const Endpoint& endpoint) {
  return Error(
      endpoint.text() +
          " is beyond this machine and there are no keys; give --key and --trust (see shoal "
          "keygen), or --insecure",
      ExitCode::not_allowed);
}

Context::Context(runtime::Reactor& reactor, SecurityOptions security)
    : impl_(std::make_unique<Impl>(reactor, std::move(security))) {}

Context::~Context() = default;

}  // namespace shoal::net
