#include <array>
#include <numeric>

#include <shoal/wire/field_reader.hpp>
#include <shoal/wire/headers.hpp>
#include <shoal/wire/reqrep_messages.hpp>

namespace shoal::wire::reqrep {
namespace {

/// The tag of each message, by its place in Any.
constexpr std::array<std::string_view, std::variant_size_v<Any>> tags{"requests", "cancel", "got",
                                                                      "replies", "waiting"};

constexpr auto last_kind = static_cast<unsigned char>(ReplyKind::unfit);

using Numbers = std::vector<std::uint32_t>;

/// One number for each of `items`.
template <typename Item, typename Get>
Numbers each(const std::vector<Item>& items, Get get) {
  Numbers numbers;
  numbers.reserve(items.size());
  for (const Item& item : items) numbers.push_back(static_cast<std::uint32_t>(get(item)));
  return numbers;
}

template <typename Item>
void put_item_ids(MapWriter& map, const std::vector<Item>& items) {
  std::string raw;
  raw.reserve(items.size() * Id::size);
  for (const Item& item : items) raw += item.id.bytes();
  map.put_bytes("ids", raw);
}

/// Up to the next whole millisecond, so that a request never arrives as too late already.
std::uint32_t milliseconds_of(Duration remaining) {
  constexpr auto most = std::chrono::milliseconds(UINT32_MAX);
  if (remaining >= most) return UINT32_MAX;
  if (remaining <= Duration(0)) return 0;
  return static_cast<std::uint32_t>(
      std::chrono::ceil<std::chrono::milliseconds>(remaining).count());
}

void write(MapWriter& map, const Requests& message) {
  const std::vector<Request>& requests = message.requests;
  put_item_ids(map, requests);
  put_u32s(map, "remaining_ms",
           each(requests, [](const Request& r) { return milliseconds_of(r.remaining); }));
  put_u32s(map, "sizes", each(requests, [](const Request& r) { return r.body.size(); }));
  map.put("attempt", std::uint64_t{message.attempt});
  map.put("hops", std::uint64_t{message.hops});
  if (message.notify) map.put("notify", true);
  if (!message.return_to.empty()) map.put_text("return_to", message.return_to);
  if (!message.headers.empty()) map.put_bytes("headers", encode_headers(message.headers));
  if (!message.path.empty()) put_ids(map, "path", message.path);
}

void write(MapWriter& map, const Cancel& cancel) {
  put_ids(map, "ids", cancel.ids);
}

void write(MapWriter& map, const Got& got) {
  put_ids(map, "ids", got.ids);
}

void write(MapWriter& map, const Waiting& waiting) {
  map.put_bytes("id", waiting.id.bytes());
  put_ids(map, "path", waiting.path);
}

void write(MapWriter& map, const Replies& message) {
  const std::vector<Reply>& replies = message.replies;
  put_item_ids(map, replies);
  std::string kinds;
  bool errors = false;
  bool from = false;
  for (const Reply& reply : replies) {
    kinds += static_cast<char>(reply.kind);
    errors = errors || !reply.error.empty();
    from = from || !reply.from.is_nil();
  }
  map.put_bytes("kinds", kinds);
  put_u32s(map, "statuses", each(replies, [](const Reply& r) { return r.status; }));
  put_u32s(map, "sizes", each(replies, [](const Reply& r) { return r.output.size(); }));
  if (errors) {
    put_u32s(map, "error_sizes", each(replies, [](const Reply& r) { return r.error.size(); }));
  }
  if (!from) return;
  std::vector<Id> makers;
  makers.reserve(replies.size());
  for (const Reply& reply : replies) makers.push_back(reply.from);
  put_ids(map, "from", makers);
}

/// The pieces one after another; a single one is not copied.
class BodyWriter {
 public:
  void reserve(std::size_t size) { size_ = size; }
  void add(const Bytes& piece) {
    if (piece.size() == size_) only_ = piece;
    if (piece.empty() || piece.size() == size_) return;
    if (joined_.empty()) joined_.reserve(size_);
    joined_ += piece.view();
  }
  Bytes take() { return joined_.empty() ? only_ : Bytes::take(std::move(joined_)); }

 private:
  std::size_t size_ = 0;
  Bytes only_;
  std::string joined_;
};

Bytes body_of(const Requests& message) {
  BodyWriter body;
  body.reserve(std::accumulate(
      message.requests.begin(), message.requests.end(), std::size_t{0},
      [](std::size_t sum, const Request& request) { return sum + request.body.size(); }));
  for (const Request& request : message.requests) body.add(request.body);
  return body.take();
}

Bytes body_of(const Replies& message) {
  BodyWriter body;
  body.reserve(std::accumulate(message.replies.begin(), message.replies.end(), std::size_t{0},
                               [](std::size_t sum, const Reply& reply) {
                                 return sum + reply.output.size() + reply.error.size();
                               }));
  for (const Reply& reply : message.replies) body.add(reply.output);
  for (const Reply& reply : message.replies) body.add(reply.error);
  return body.take();
}

template <typename Other>
Bytes body_of(const Other&) {
  return {};
}

class ReqrepFields : public FieldReader {
 public:
  using FieldReader::FieldReader;

  /// The ids of the batch; a message without one is no message.
  std::vector<Id> batch_ids() {
    std::vector<Id> all = ids("ids", most_in_batch);
    if (all.empty()) fault("ids");
    for (const Id& id : all) {
      if (id.is_nil()) fault("ids");
    }
    return all;
  }

  /// One number for each of `count` entries.
  Numbers numbers(std::string_view key, std::size_t count) {
    Numbers all = u32s(key, most_in_batch);
    if (all.size() != count) fault(key);
    all.resize(count);
    return all;
  }

  Headers headers() {
    std::optional<Headers> all = decode_headers(raw("headers"));
    if (!all) fault("headers");
    return std::move(all).value_or(Headers());
  }
};

/// Cuts a body into pieces from its front.
class BodyReader {
 public:
  BodyReader(ReqrepFields& in, const Bytes& body, const Numbers& sizes, const Numbers& more = {})
      : body_(body) {
    std::uint64_t sum = std::accumulate(sizes.begin(), sizes.end(), std::uint64_t{0});
    sum = std::accumulate(more.begin(), more.end(), sum);
    fits_ = sum == body.size();
    if (!fits_) in.fault("sizes");
  }

  Bytes next(std::uint32_t size) {
    if (!fits_) return {};
    at_ += size;
    return body_.slice(at_ - size, size);
  }

 private:
  const Bytes& body_;
  std::size_t at_ = 0;
  bool fits_ = false;
};

void read(ReqrepFields& in, Requests& message, const Bytes& body) {
  std::vector<Id> ids = in.batch_ids();
  Numbers remaining = in.numbers("remaining_ms", ids.size());
  Numbers sizes = in.numbers("sizes", ids.size());
  BodyReader bodies(in, body, sizes);
  message.requests.reserve(ids.size());
  for (std::size_t i = 0; i < ids.size(); ++i) {
    message.requests.push_back({.id = ids[i],
                                .remaining = std::chrono::milliseconds(remaining[i]),
                                .body = bodies.next(sizes[i])});
  }
  message.attempt = static_cast<std::uint32_t>(in.number("attempt", UINT32_MAX));
  message.hops = static_cast<std::uint32_t>(in.number("hops", UINT32_MAX - 1));
  message.notify = in.flag("notify");
  message.return_to = in.maybe_text("return_to");
  message.headers = in.headers();
  message.path = in.ids("path", most_path);
}

void read(ReqrepFields& in, Cancel& cancel, const Bytes&) {
  cancel.ids = in.batch_ids();
}

void read(ReqrepFields& in, Got& got, const Bytes&) {
  got.ids = in.batch_ids();
}

void read(ReqrepFields& in, Waiting& waiting, const Bytes&) {
  waiting.id = in.id("id");
  waiting.path = in.ids("path", most_path);
}

void read(ReqrepFields& in, Replies& message, const Bytes& body) {
  std::vector<Id> ids = in.batch_ids();
  std::string_view kinds = in.raw("kinds");
  if (kinds.size() != ids.size()) in.fault("kinds");
  Numbers statuses = in.numbers("statuses", ids.size());
  Numbers sizes = in.numbers("sizes", ids.size());
  bool errors = !in.raw("error_sizes").empty();
  Numbers error_sizes = errors ? in.numbers("error_sizes", ids.size()) : Numbers();
  std::vector<Id> from = in.ids("from", most_in_batch);
  if (!from.empty() && from.size() != ids.size()) in.fault("from");
  BodyReader bodies(in, body, sizes, error_sizes);
  if (!in.first_fault().empty()) return;
  message.replies.reserve(ids.size());
  for (std::size_t i = 0; i < ids.size(); ++i) {
    auto kind = static_cast<unsigned char>(kinds[i]);
    if (kind > last_kind) in.fault("kinds");
    message.replies.push_back({.id = ids[i],
                               .kind = static_cast<ReplyKind>(kind),
                               .status = statuses[i],
                               .from = from.empty() ? Id() : from[i],
                               .output = bodies.next(sizes[i])});
  }
  if (!errors) return;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    message.replies[i].error = bodies.next(error_sizes[i]);
  }
}

}  // namespace

Message encode(const Any& message) {
  MapWriter map;
  map.put_text("type", tags[message.index()]);
  std::visit([&](const auto& content) { write(map, content); }, message);
  return {map.take(), std::visit([](const auto& content) { return body_of(content); }, message)};
}

Result<Any> decode(const Message& message) {
  return decode_tagged<Any, ReqrepFields>(
      tags, message,
      [](ReqrepFields& in, auto& content, const Bytes& body) { read(in, content, body); });
}

}  // namespace shoal::wire::reqrep
