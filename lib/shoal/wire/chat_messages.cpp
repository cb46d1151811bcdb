#include <algorithm>
#include <array>

#include <shoal/base/little_endian.hpp>
#include <shoal/base/utf8.hpp>
#include <shoal/base/varint.hpp>
#include <shoal/wire/chat_messages.hpp>
#include <shoal/wire/field_reader.hpp>

namespace shoal::wire::chat {
namespace {

using std::chrono::milliseconds;

/// The tag of each message, by its place in Any.
constexpr std::array<std::string_view, std::variant_size_v<Any>> tags{"have", "post", "about",
                                                                      "direct", "receipt"};

constexpr std::size_t vector_entry = Id::size + 8;

/// White space, control characters, fillers, bidirectional and other marks that cannot be seen.
/// First and last of each range; the page has the same (web/limits.js).
constexpr std::array<std::pair<char32_t, char32_t>, 22> unseen{
    {{0x0, 0x20},        {0x7f, 0xa0},      {0xad, 0xad},     {0x34f, 0x34f},   {0x61c, 0x61c},
     {0x115f, 0x1160},   {0x1680, 0x1680},  {0x17b4, 0x17b5}, {0x180b, 0x180f}, {0x2000, 0x200f},
     {0x2028, 0x202f},   {0x205f, 0x206f},  {0x2800, 0x2800}, {0x3000, 0x3000}, {0x3164, 0x3164},
     {0xfe00, 0xfe0f},   {0xfeff, 0xfeff},  {0xffa0, 0xffa0}, {0xfff0, 0xfffb}, {0x1bca0, 0x1bca3},
     {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff}}};

bool is_unseen(char32_t code) {
  auto holds = [code](const auto& range) { return range.first <= code && code <= range.second; };
  return std::ranges::any_of(unseen, holds);
}

std::string pack(const Vector& logs) {
  std::string raw;
  raw.reserve(logs.size() * vector_entry);
  for (const auto& [author, next] : logs) {
    raw += author.bytes();
    put_number(raw, next);
  }
  return raw;
}

std::optional<Vector> unpack_vector(std::string_view raw) {
  if (raw.size() % vector_entry != 0 || raw.size() / vector_entry > most_logs) return std::nullopt;
  Vector logs;
  for (; !raw.empty(); raw.remove_prefix(vector_entry)) {
    Id author = *Id::from_bytes(raw.substr(0, Id::size));
    auto next = get_number<std::uint64_t>(raw, Id::size);
    bool ascending = logs.empty() ? !author.is_nil() : logs.rbegin()->first < author;
    if (!ascending || next == 0 || next > most_number) return std::nullopt;
    logs.emplace_hint(logs.end(), author, next);
  }
  return logs;
}

std::string pack(const Users& users) {
  std::string raw;
  for (const auto& [nick, rooms] : users) {
    put_sized(raw, nick);
    put_varint(raw, rooms.size());
    for (const std::string& room : rooms) put_sized(raw, room);
  }
  return raw;
}

std::optional<std::string_view> take_name(std::string_view& raw) {
  std::optional<std::string_view> name = take_sized(raw);
  return name && is_name(*name) ? name : std::nullopt;
}

std::optional<std::vector<std::string>> take_rooms(std::string_view& raw) {
  std::optional<std::uint64_t> count = take_varint(raw);
  if (!count || *count > most_rooms) return std::nullopt;
  std::vector<std::string> rooms;
  for (std::uint64_t i = 0; i < *count; ++i) {
    std::optional<std::string_view> room = take_name(raw);
    if (!room) return std::nullopt;
    rooms.emplace_back(*room);
  }
  return rooms;
}

std::optional<Users> unpack_users(std::string_view raw) {
  Users users;
  while (!raw.empty()) {
    std::optional<std::string_view> nick = take_name(raw);
    if (!nick || users.size() == most_users) return std::nullopt;
    if (!users.empty() && users.rbegin()->first >= *nick) return std::nullopt;
    std::optional<std::vector<std::string>> rooms = take_rooms(raw);
    if (!rooms) return std::nullopt;
    users.emplace_hint(users.end(), *nick, std::move(*rooms));
  }
  return users;
}

std::optional<std::vector<std::string>> unpack_endpoints(std::string_view raw) {
  std::vector<std::string> endpoints;
  while (!raw.empty()) {
    std::optional<std::string_view> endpoint = take_sized(raw);
    bool good = endpoint && !endpoint->empty() && endpoint->size() <= most_endpoint &&
                is_utf8(*endpoint) && endpoints.size() < most_endpoints;
    if (!good) return std::nullopt;
    endpoints.emplace_back(*endpoint);
  }
  return endpoints;
}

void write(MapWriter& map, const Have& have) {
  if (have.all) map.put("all", true);
}

void write(MapWriter& map, const Post& post) {
  map.put_bytes("author", post.author.bytes());
  map.put("seq", post.seq);
  map.put("first", post.first);
  map.put("clock", post.clock);
  map.put("kind", static_cast<std::uint64_t>(post.kind));
  map.put_text("nick", post.nick);
  map.put_text("room", post.room);
  if (post.tag != 0) map.put("tag", post.tag);
}

void write(MapWriter& map, const About& about) {
  map.put_bytes("node", about.node.bytes());
  map.put("version", about.version);
  auto age = std::chrono::duration_cast<milliseconds>(about.age).count();
  map.put("age_ms", static_cast<std::uint64_t>(age));
  if (about.left) map.put("left", true);
  if (!about.nick.empty()) map.put_text("nick", about.nick);
  std::string endpoints;
  for (const std::string& endpoint : about.endpoints) put_sized(endpoints, endpoint);
  if (!endpoints.empty()) map.put_bytes("endpoints", endpoints);
  put_ids(map, "links", about.links);
}

void write(MapWriter& map, const Direct& direct) {
  map.put_bytes("id", direct.id.bytes());
  map.put_bytes("origin", direct.origin.bytes());
  map.put_bytes("target", direct.target.bytes());
  map.put("hops", std::uint64_t{direct.hops});
  map.put_text("nick", direct.nick);
  map.put_text("to", direct.to);
  map.put("clock", direct.clock);
}

void write(MapWriter& map, const Receipt& receipt) {
  map.put_bytes("id", receipt.id.bytes());
  map.put_bytes("origin", receipt.origin.bytes());
  map.put("hops", std::uint64_t{receipt.hops});
  map.put("outcome", static_cast<std::uint64_t>(receipt.outcome));
}

Bytes body_of(const Have& have) {
  return Bytes::take(pack(have.logs));
}
Bytes body_of(const Post& post) {
  return Bytes::copy(post.text);
}
Bytes body_of(const About& about) {
  return Bytes::take(pack(about.users));
}
Bytes body_of(const Direct& direct) {
  return Bytes::copy(direct.text);
}
Bytes body_of(const Receipt&) {
  return {};
}

std::string name(FieldReader& in, std::string_view key) {
  std::string value = in.text(key);
  if (!is_name(value)) in.fault(key);
  return value;
}

std::string text(FieldReader& in, const Bytes& body) {
  if (is_text(body)) return std::string(body.view());
  in.fault("text");
  return {};
}

std::uint32_t hops(FieldReader& in) {
  std::uint64_t value = in.number("hops", most_hops);
  if (value == 0) in.fault("hops");
  return static_cast<std::uint32_t>(value);
}

void read(FieldReader& in, Have& have, const Bytes& body) {
  have.all = in.flag("all");
  std::optional<Vector> logs = unpack_vector(body);
  if (!logs) in.fault("vector");
  have.logs = std::move(logs).value_or(Vector());
}

void read(FieldReader& in, Post& post, const Bytes& body) {
  post.author = in.id("author");
  post.seq = in.number("seq", most_number - 1);
  post.first = in.number("first");
  post.clock = in.number("clock");
  post.kind = static_cast<Kind>(in.number("kind", static_cast<std::uint64_t>(Kind::does)));
  post.nick = name(in, "nick");
  post.room = name(in, "room");
  post.tag = in.maybe_number("tag").value_or(0);
  post.text = text(in, body);
  if (post.first > post.seq) in.fault("first");
}

void read(FieldReader& in, About& about, const Bytes& body) {
  about.node = in.id("node");
  about.version = in.number("version");
  // An hour is as good as any longer time, and far from what a Duration holds.
  constexpr std::uint64_t oldest = 3'600'000;
  about.age = milliseconds(std::min(in.number("age_ms"), oldest));
  about.left = in.flag("left");
  about.nick = in.maybe_text("nick");
  if (!about.nick.empty() && !is_name(about.nick)) in.fault("nick");
  std::optional<std::vector<std::string>> endpoints = unpack_endpoints(in.raw("endpoints"));
  if (!endpoints) in.fault("endpoints");
  about.endpoints = std::move(endpoints).value_or(std::vector<std::string>());
  about.links = in.ids("links", most_links);
  std::optional<Users> users = unpack_users(body);
  if (!users) in.fault("users");
  about.users = std::move(users).value_or(Users());
}

void read(FieldReader& in, Direct& direct, const Bytes& body) {
  direct.id = in.id("id");
  direct.origin = in.id("origin");
  direct.target = in.id("target");
  direct.hops = hops(in);
  direct.nick = name(in, "nick");
  direct.to = name(in, "to");
  direct.clock = in.number("clock");
  direct.text = text(in, body);
}

void read(FieldReader& in, Receipt& receipt, const Bytes&) {
  receipt.id = in.id("id");
  receipt.origin = in.id("origin");
  receipt.hops = hops(in);
  receipt.outcome =
      static_cast<Outcome>(in.number("outcome", static_cast<std::uint64_t>(Outcome::no_way)));
}

}  // namespace

bool is_name(std::string_view name) {
  if (name.empty() || name.size() > most_name) return false;
  while (!name.empty()) {
    std::optional<char32_t> code = take_code_point(name);
    if (!code || is_unseen(*code)) return false;
  }
  return true;
}

bool is_text(std::string_view text) {
  return !text.empty() && text.size() <= most_text && is_utf8(text);
}

Message encode(const Any& message) {
  MapWriter map;
  map.put_text("type", tags[message.index()]);
  std::visit([&](const auto& content) { write(map, content); }, message);
  return {map.take(), std::visit([](const auto& content) { return body_of(content); }, message)};
}

Result<Any> decode(const Message& message) {
  return decode_tagged<Any, FieldReader>(
      tags, message,
      [](FieldReader& in, auto& content, const Bytes& body) { read(in, content, body); });
}

}  // namespace shoal::wire::chat
