#include <shoal/base/error.hpp>
#include <shoal/net/endpoint.hpp>
#include <shoal/reqrep/port_glue.hpp>
#include <shoal/reqrep/requester.hpp>

namespace shoal::reqrep {
namespace {

net::PortOptions port_options(const Id& node, const RequesterOptions& options) {
  net::PortOptions port{.binds = options.binds,
                        .connects = options.connects,
                        .role = "requester",
                        .accepts = {"replier"},
                        .node = node,
                        .limits = net::limits_for(options.max_size)};
  port.fields[wire::takes_field] = std::to_string(options.max_size);
  if (port.binds.empty() && port.connects.empty()) port.connects = {replier_endpoint};
  return port;
}

/// The Port that repliers far down a chain dial. What is bound is what they are told to dial.
net::PortOptions direct_options(const Id& node, const RequesterOptions& options) {
  const std::string& text = *options.reply_bind;
  Result<net::Endpoint> endpoint = net::parse_endpoint(text);
  if (!endpoint) throw Error("--reply-bind: " + endpoint.reason(), ExitCode::usage);
  bool wildcard = endpoint->host == "*" || endpoint->host == "0.0.0.0" || endpoint->host == "::";
  if (wildcard) {
    throw Error("--reply-bind " + text +
                    ": repliers are told to dial it as it stands; name an address of this machine "
                    "that they reach",
                ExitCode::usage);
  }
  return {.binds = {text},
          .role = "requester",
          .accepts = {"replier"},
          .node = node,
          .fields = {{wire::takes_field, std::to_string(options.max_size)}},
          .waiting_notice = std::chrono::hours(1),
          .limits = net::limits_for(options.max_size)};
}

}  // namespace

/// What comes in at the return address.
class Requester::DirectSide : public net::PortEvents {
 public:
  explicit DirectSide(Requester& requester) : requester_(requester) {}

  void on_up(net::PeerId, const wire::Hello&) override {}
  void on_message(net::PeerId peer, wire::Message message) override {
    net::receive(*requester_.direct_, peer, wire::reqrep::decode(message),
                 [&](wire::reqrep::Any any) {
                   requester_.core_->on_direct(peer, std::move(any), requester_.reactor_.now());
                 });
    requester_.pump();
  }
  void on_down(net::PeerId, const net::Down&) override {}

 private:
  Requester& requester_;
};

Requester::Requester(net::Context& context, runtime::Reactor& reactor, RequesterOptions options,
                     OnEnded on_ended)
    : Requester(context, reactor, std::move(options), std::move(on_ended), Id::random()) {}

Requester::Requester(net::Context& context, runtime::Reactor& reactor, RequesterOptions options,
                     OnEnded on_ended, const Id& node)
    : reactor_(reactor),
      on_ended_(std::move(on_ended)),
      port_(context, reactor, port_options(node, options), *this),
      alarm_(reactor, [this] { look(); }) {
  if (options.reply_bind) {
    direct_side_ = std::make_unique<DirectSide>(*this);
    direct_ =
        std::make_unique<net::Port>(context, reactor, direct_options(node, options), *direct_side_);
    options.core.return_to = direct_->bound().front();
  }
  options.core.max_reply = options.max_size;
  core_ = std::make_unique<RequesterCore>(std::move(options.core));
  looking_ = reactor_.every(look_period, [this] { look(); });
}

Requester::~Requester() = default;

void Requester::ask(std::vector<Ask> asks) {
  core_->offer(std::move(asks), reactor_.now());
  pump();
}

void Requester::widen(const Id& id, std::vector<Id> path) {
  core_->widen(id, std::move(path));
  pump();
}

void Requester::cancel(const Id& id) {
  core_->cancel(id, reactor_.now());
  pump();
}

void Requester::close(Duration limit) {
  looking_.reset();
  port_.close(limit);
  if (direct_) direct_->close(limit);
}

bool Requester::closed() const {
  return port_.closed() && (!direct_ || direct_->closed());
}

void Requester::on_up(net::PeerId peer, const wire::Hello& hello) {
  core_->set_all_dialled(port_.all_dialled());
  core_->on_up(peer, hello.node, wire::slots_of(hello), reactor_.now(), wire::takes_of(hello));
  pump();
}

void Requester::on_message(net::PeerId peer, wire::Message message) {
  net::receive(port_, peer, wire::reqrep::decode(message), [&](wire::reqrep::Any any) {
    core_->on_message(peer, std::move(any), reactor_.now());
  });
  pump();
}

void Requester::on_down(net::PeerId peer, const net::Down& why) {
  core_->set_all_dialled(port_.all_dialled());
  core_->on_down(peer, why.reason, reactor_.now());
  pump();
}

void Requester::look() {
  core_->set_all_dialled(port_.all_dialled());
  if (reactor_.now() >= core_->next_tick()) core_->tick(reactor_.now());
  pump();
}

/// Carries out what the core wants. Whoever hears how requests ended may ask more, and comes back
/// here; the outer call then goes on.
void Requester::pump() {
  if (pumping_) return;
  pumping_ = true;
  for (std::vector<Ended> ended = core_->take_ended(); !ended.empty();
       ended = core_->take_ended()) {
    on_ended_(std::move(ended));
  }
  pumping_ = false;
  net::post(core_->take_outbox(), port_);
  if (direct_) net::post(core_->take_direct_outbox(), *direct_);
  alarm_.set(core_->next_tick());
}

}  // namespace shoal::reqrep
