#include <array>

#include <shoal/net/zap.hpp>

namespace shoal::net {
namespace {

// The frames of a request after libzmq's routing id and the empty delimiter.
enum Field : std::size_t {
  version = 2,
  request_id,
  domain_field,
  address,
  identity,
  mechanism,
  key
};

constexpr std::size_t raw_key_size = 32;
constexpr std::size_t most_frames = 16;

}  // namespace

ZapHandler::ZapHandler(runtime::Reactor& reactor, zmq::context_t& context,
                       std::vector<TrustedKey> trusted)
    : socket_(reactor, context, zmq::socket_type::router), trusted_(std::move(trusted)) {
  socket_.raw().bind("inproc://zeromq.zap.01");
  socket_.on_ready([this] { return serve(); });
}

bool ZapHandler::serve() {
  std::vector<zmq::message_t> request;
  zmq::message_t frame;
  if (!socket_.receive(frame)) return false;
  while (true) {
    bool more = frame.more();
    if (request.size() < most_frames) request.push_back(std::move(frame));
    if (!more || !socket_.receive(frame)) break;
  }
  if (request.size() > Field::request_id) reply(request);
  return true;
}

const std::string* ZapHandler::name_of(const std::vector<zmq::message_t>& request) const {
  if (request.size() != Field::key + 1 || request[version].to_string_view() != "1.0")
    return nullptr;
  if (request[domain_field].to_string_view() != domain) return nullptr;
  if (request[mechanism].to_string_view() != "CURVE") return nullptr;
  if (request[key].size() != raw_key_size) return nullptr;
  std::array<char, 41> text{};
  zmq_z85_encode(text.data(), static_cast<const std::uint8_t*>(request[key].data()), raw_key_size);
  for (const TrustedKey& trusted : trusted_) {
    if (trusted.public_key == text.data()) return &trusted.name;
  }
  return nullptr;
}

void ZapHandler::reply(std::vector<zmq::message_t>& request) {
  const std::string* name = name_of(request);
  if (name == nullptr) ++turned_away_;
  std::array<std::string, 4> answer = {name ? "200" : "400", name ? "OK" : "not trusted",
                                       name ? *name : "", ""};
  for (std::size_t i = 0; i <= Field::request_id; ++i) {
    // A connection that is gone by now makes the ROUTER drop the rest, which is all right.
    socket_.send(request[i], true);
  }
  for (std::size_t i = 0; i < answer.size(); ++i) {
    zmq::message_t frame(answer[i]);
    socket_.send(frame, i + 1 < answer.size());
  }
}

}  // namespace shoal::net
