#include <shoal/base/error.hpp>
#include <shoal/stream/port_glue.hpp>
#include <shoal/stream/stream_reader.hpp>
#include <shoal/stream/stream_writer.hpp>
#include <shoal/stream/topic_filter.hpp>

namespace shoal::stream {
namespace {

constexpr Duration tick_period = std::chrono::milliseconds(50);

net::PortOptions port_options(const StreamReaderOptions& options) {
  net::PortOptions port{.binds = options.binds,
                        .connects = options.connects,
                        .role = "subscriber",
                        .accepts = {"publisher"},
                        .node = Id::random(),
                        .limits = port_limits()};
  if (port.binds.empty() && port.connects.empty()) port.connects = {stream_endpoint};
  return port;
}

ReaderCoreOptions checked(ReaderCoreOptions options) {
  Result<TopicFilter> filter = TopicFilter::make(options.topics);
  if (!filter) throw Error(filter.reason(), ExitCode::usage);
  return options;
}

}  // namespace

StreamReader::StreamReader(net::Context& context, runtime::Reactor& reactor,
                           StreamReaderOptions options, std::function<void(Delivery)> deliver)
    : reactor_(reactor),
      deliver_(std::move(deliver)),
      core_(checked(options.reading)),
      port_(context, reactor, port_options(options), *this) {
  working_ = reactor_.before_wait([this] { return work(); });
  ticking_ = reactor_.every(tick_period, [this] {
    if (reactor_.now() >= core_.next_tick()) core_.tick(reactor_.now());
  });
}

StreamReader::~StreamReader() = default;

bool StreamReader::work() {
  std::vector<Delivery> deliveries;
  if (!leaving_) deliveries = core_.take_deliveries();
  for (Delivery& delivery : deliveries) deliver_(std::move(delivery));
  post(core_.take_outbox(), port_);
  if (!core_.refusal().empty()) throw Error(core_.refusal(), ExitCode::bad_data);
  return !deliveries.empty();
}

void StreamReader::taken(const Delivery& delivery) {
  core_.on_taken(delivery, reactor_.now());
}

void StreamReader::leave() {
  if (leaving_) return;
  leaving_ = true;
  post(core_.take_outbox(), port_);
  port_.close(goodbye_limit);
}

void StreamReader::on_up(PeerId peer, const wire::Hello&) {
  core_.on_up(peer);
}

void StreamReader::on_message(PeerId peer, wire::Message message) {
  net::receive(port_, peer, wire::stream::decode(message), [&](wire::stream::Any any) {
    core_.on_message(peer, std::move(any), reactor_.now());
  });
}

void StreamReader::on_down(PeerId peer, const net::Down&) {
  core_.on_down(peer);
}

}  // namespace shoal::stream
