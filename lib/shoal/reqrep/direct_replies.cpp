#include <algorithm>

#include <shoal/base/error.hpp>
#include <shoal/base/utf8.hpp>
#include <shoal/net/core_outbox.hpp>
#include <shoal/net/endpoint.hpp>
#include <shoal/reqrep/direct_replies.hpp>
#include <shoal/reqrep/port_glue.hpp>
#include <shoal/runtime/log.hpp>

namespace shoal::reqrep {
namespace {

constexpr std::size_t most_lines = 64;
constexpr std::size_t most_waiting = 4096;
constexpr Duration idle_limit = std::chrono::seconds(30);
constexpr Duration busy_limit = std::chrono::seconds(2);

}  // namespace

/// The way to one return address.
class DirectReplies::Line : public net::PortEvents {
 public:
  Line(DirectReplies& all, const std::string& endpoint)
      : all_(all),
        used_(all.reactor_.now()),
        port_(all.context_, all.reactor_,
              {.connects = {endpoint},
               .role = "replier",
               .accepts = {"requester"},
               .node = all.node_,
               .limits = net::limits_for(all.max_size_)},
              *this) {}

  Time used() const { return used_; }

  void bring(Reply reply) {
    used_ = all_.reactor_.now();
    if (peer_ == 0) {
      if (waiting_.size() >= most_waiting) return all_.undeliverable(reply.id);
      return waiting_.push_back(std::move(reply));
    }
    send({std::move(reply)});
  }

  /// Ids of the replies that never left.
  std::vector<Id> unsent() const {
    std::vector<Id> ids;
    for (const Reply& reply : waiting_) ids.push_back(reply.id);
    return ids;
  }

 private:
  void on_up(net::PeerId peer, const wire::Hello& hello) override {
    peer_ = peer;
    takes_ = wire::takes_of(hello);
    if (!waiting_.empty()) send(std::exchange(waiting_, {}));
  }
  void on_message(net::PeerId peer, wire::Message message) override {
    net::receive(port_, peer, wire::reqrep::decode(message), [&](wire::reqrep::Any any) {
      const auto* got = std::get_if<wire::reqrep::Got>(&any);
      if (got == nullptr) return port_.drop(peer, "at a return address it may only say got");
      for (const Id& id : got->ids) all_.events_.got(id);
    });
  }
  void on_down(net::PeerId, const net::Down&) override { peer_ = 0; }

  void send(std::vector<Reply> replies) {
    for (Reply& reply : replies) {
      Id id = reply.id;
      if (reply.output.size() > takes_) {  // walks back, and is refused on its way
        all_.undeliverable(id);
        continue;
      }
      wire::Message message = encode(wire::reqrep::Replies{.replies = {std::move(reply)}});
      net::Sent sent = port_.send(peer_, std::move(message));
      if (sent == net::Sent::full || sent == net::Sent::gone) all_.undeliverable(id);
    }
  }

  DirectReplies& all_;
  Time used_;
  net::PeerId peer_ = 0;
  std::uint64_t takes_ = 0;
  std::vector<Reply> waiting_;
  net::Port port_;
};

DirectReplies::DirectReplies(net::Context& context, runtime::Reactor& reactor, const Id& node,
                             std::size_t max_size, DirectEvents events)
    : context_(context),
      reactor_(reactor),
      node_(node),
      max_size_(max_size),
      events_(std::move(events)) {
  closing_ = reactor_.every(std::chrono::seconds(1), [this] { close_idle(); });
}

DirectReplies::~DirectReplies() = default;

void DirectReplies::bring(DirectReply reply) {
  Line* line = line_to(reply.return_to);
  if (line == nullptr) return undeliverable(reply.reply.id);
  line->bring(std::move(reply.reply));
}

DirectReplies::Line* DirectReplies::line_to(const std::string& endpoint) {
  if (auto found = lines_.find(endpoint); found != lines_.end()) return found->second.get();
  Result<net::Endpoint> parsed = net::parse_endpoint(endpoint);
  // Written as we would write it ourselves: then it is one endpoint, and neither list nor file.
  bool plain = parsed && parsed->kind != net::Endpoint::Kind::dns_tcp &&
               parsed->text() == endpoint && endpoint.find(',') == std::string::npos;
  if (!plain || !make_room()) return nullptr;
  try {
    return (lines_[endpoint] = std::make_unique<Line>(*this, endpoint)).get();
  } catch (const Error& error) {
    log_warning("cannot answer at the return address " + printable(endpoint) + ": " + error.what());
    lines_.erase(endpoint);
    return nullptr;
  }
}

/// One more address may be dialled, if need be in place of one that is not in use.
bool DirectReplies::make_room() {
  if (lines_.size() < most_lines) return true;
  auto oldest = std::ranges::min_element(
      lines_, [](const auto& a, const auto& b) { return a.second->used() < b.second->used(); });
  if (reactor_.now() - oldest->second->used() < busy_limit) return false;
  for (const Id& id : oldest->second->unsent()) undeliverable(id);
  lines_.erase(oldest);
  return true;
}

void DirectReplies::close_idle() {
  std::erase_if(lines_, [&](const auto& entry) {
    if (reactor_.now() - entry.second->used() < idle_limit) return false;
    for (const Id& id : entry.second->unsent()) undeliverable(id);
    return true;
  });
}

void DirectReplies::undeliverable(const Id& id) {
  lost_.push_back(id);
  if (telling_) return;
  telling_ = reactor_.at(reactor_.now(), [this] {
    telling_.reset();
    for (const Id& each : std::exchange(lost_, {})) events_.undeliverable(each);
  });
}

}  // namespace shoal::reqrep
