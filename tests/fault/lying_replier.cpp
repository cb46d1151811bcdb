// A replier that answers each request rightly, and then once more with a lie, and with lies under
// ids that nobody asked: `lying_replier ENDPOINT`. With a further word it answers with garbage,
// which no decoder takes. Until it is killed.

#include <shoal/net/core_outbox.hpp>
#include <shoal/net/port.hpp>
#include <shoal/runtime/log.hpp>
#include <shoal/wire/reqrep_messages.hpp>

using namespace shoal;

namespace {

class Liar : private net::PortEvents {
 public:
  Liar(net::Context& context, runtime::Reactor& reactor, std::string endpoint, bool garbage)
      : garbage_(garbage),
        port_(context, reactor,
              {.binds = {std::move(endpoint)},
               .role = "replier",
               .accepts = {"requester"},
               .node = Id::random(),
               .fields = {{"slots", "4"}}},
              *this) {}

 private:
  void on_up(net::PeerId, const wire::Hello&) override {}
  void on_down(net::PeerId, const net::Down&) override {}

  void on_message(net::PeerId peer, wire::Message message) override {
    if (garbage_) {
      static_cast<void>(port_.send(peer, {.head = Bytes::copy("garbage"), .body = message.body}));
      return;
    }
    net::receive(port_, peer, wire::reqrep::decode(message), [&](wire::reqrep::Any any) {
      auto* requests = std::get_if<wire::reqrep::Requests>(&any);
      if (requests == nullptr) return;
      for (const wire::reqrep::Request& request : requests->requests) {
        const Bytes lie = Bytes::copy("a lie");
        send(peer, {.id = Id::random(), .output = lie});
        send(peer, {.id = request.id, .output = request.body});
        send(peer, {.id = request.id, .output = lie});
        send(peer, {.id = earlier_, .output = lie});
        earlier_ = request.id;
      }
    });
  }

  void send(net::PeerId peer, wire::reqrep::Reply reply) {
    static_cast<void>(port_.send(
        peer, wire::reqrep::encode(wire::reqrep::Replies{.replies = {std::move(reply)}})));
  }

  bool garbage_;
  Id earlier_ = Id::random();
  net::Port port_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2 && argc != 3) return 2;
  runtime::Reactor reactor;
  net::Context context(reactor, {});
  Liar liar(context, reactor, argv[1], argc == 3);
  log_info("lying");
  reactor.run_until([] { return false; });
}
