#include <array>

#include <shoal/wire/field_reader.hpp>
#include <shoal/wire/stream_messages.hpp>

namespace shoal::wire::stream {
namespace {

/// The tag of each message, by its place in Any.
constexpr std::array<std::string_view, std::variant_size_v<Any>> tags{"read", "more", "stream",
                                                                      "records", "trimmed"};

constexpr std::size_t most_patterns = 256;
constexpr std::size_t most_pattern = 255;

/// Each pattern behind its length, a varint of one octet or two.
std::string pack(const std::vector<std::string>& patterns) {
  std::string raw;
  for (const std::string& pattern : patterns) {
    std::size_t size = pattern.size();
    if (size >= 0x80) raw += static_cast<char>(0x80 | (size & 0x7f));
    raw += static_cast<char>(size >= 0x80 ? size >> 7 : size);
    raw += pattern;
  }
  return raw;
}

/// The length before a pattern; nothing when it is cut, too large or not written the one way.
std::optional<std::size_t> take_size(std::string_view& raw) {
  auto low = static_cast<unsigned char>(raw.front());
  raw.remove_prefix(1);
  if (low < 0x80) return low;
  if (raw.empty()) return std::nullopt;
  auto high = static_cast<unsigned char>(raw.front());
  raw.remove_prefix(1);
  std::size_t size = (low & 0x7fu) | static_cast<std::size_t>(high) << 7;
  return high == 1 && size <= most_pattern ? std::optional(size) : std::nullopt;
}

std::optional<std::vector<std::string>> unpack(std::string_view raw) {
  std::vector<std::string> patterns;
  while (!raw.empty()) {
    std::optional<std::size_t> size = take_size(raw);
    if (!size || *size > raw.size() || patterns.size() == most_patterns) return std::nullopt;
    patterns.emplace_back(raw.substr(0, *size));
    raw.remove_prefix(*size);
  }
  return patterns;
}

void write(MapWriter& map, const Read& read) {
  map.put("reading", read.reading);
  map.put("kind", static_cast<std::uint64_t>(read.from.kind));
  map.put("value", read.from.value);
  if (read.until != 0) map.put("until", read.until);
  if (!read.topics.patterns.empty()) map.put_bytes("patterns", pack(read.topics.patterns));
  if (read.topics.prefix) map.put("prefix", true);
  map.put("credit", read.credit);
}

void write(MapWriter& map, const More& more) {
  map.put("reading", more.reading);
  map.put("credit", more.credit);
  map.put("next", more.next);
}

void write(MapWriter& map, const Stream& stream) {
  map.put_bytes("stream", stream.stream.bytes());
  map.put("epoch", stream.epoch);
  map.put("first", stream.first);
  map.put("head", stream.head);
  if (stream.reading != 0) {
    map.put("reading", stream.reading);
    map.put("from", stream.from);
    map.put("next", stream.next);
    if (stream.until != 0) map.put("until", stream.until);
    if (stream.before != 0) map.put("before", stream.before);
  }
  if (stream.ended) map.put("ended", true);
}

void write(MapWriter& map, const Records& records) {
  map.put("reading", records.reading);
  map.put("first", records.first);
  map.put("next", records.next);
  map.put("count", records.count);
}

void write(MapWriter& map, const Trimmed& trimmed) {
  map.put("reading", trimmed.reading);
  map.put("first", trimmed.first);
  map.put("next", trimmed.next);
}

/// Number of a reading: there is one, so not 0.
std::uint64_t reading(FieldReader& in) {
  std::uint64_t value = in.number("reading");
  if (value == 0) in.fault("reading");
  return value;
}

void read(FieldReader& in, Read& read, const Bytes&) {
  read.reading = reading(in);
  read.from.kind = static_cast<Position::Kind>(
      in.number("kind", static_cast<std::uint64_t>(Position::Kind::last_of_topic)));
  read.from.value = in.number("value");
  read.until = in.maybe_number("until").value_or(0);
  std::optional<std::vector<std::string>> patterns = unpack(in.raw("patterns"));
  if (!patterns) in.fault("patterns");
  read.topics = {std::move(patterns).value_or(std::vector<std::string>{}), in.flag("prefix")};
  read.credit = in.number("credit");
}

void read(FieldReader& in, More& more, const Bytes&) {
  more.reading = reading(in);
  more.credit = in.number("credit");
  more.next = in.number("next");
}

void read(FieldReader& in, Stream& stream, const Bytes&) {
  stream.stream = in.id("stream");
  stream.epoch = in.number("epoch");
  stream.first = in.number("first");
  stream.head = in.number("head");
  stream.ended = in.flag("ended");
  if (stream.first > stream.head) in.fault("first");
  stream.reading = in.maybe_number("reading").value_or(0);
  if (stream.reading == 0) return;
  stream.from = in.number("from");
  stream.next = in.number("next");
  stream.until = in.maybe_number("until").value_or(0);
  stream.before = in.maybe_number("before").value_or(0);
  if (stream.next < stream.from) in.fault("next");
}

void read(FieldReader& in, Records& records, const Bytes& body) {
  records.reading = reading(in);
  records.first = in.number("first");
  records.next = in.number("next");
  records.count = in.number("count");
  records.body = body;
  if (records.next <= records.first) in.fault("next");
  bool too_many = records.count > records.next - records.first;
  if (too_many || (records.count == 0) != body.empty()) in.fault("count");
}

void read(FieldReader& in, Trimmed& trimmed, const Bytes&) {
  trimmed.reading = reading(in);
  trimmed.first = in.number("first");
  trimmed.next = in.number("next");
  if (trimmed.next <= trimmed.first) in.fault("next");
}

}  // namespace

Message encode(const Any& message) {
  MapWriter map;
  map.put_text("type", tags[message.index()]);
  std::visit([&](const auto& content) { write(map, content); }, message);
  const auto* records = std::get_if<Records>(&message);
  return {map.take(), records != nullptr ? records->body : Bytes()};
}

Result<Any> decode(const Message& message) {
  return decode_tagged<Any, FieldReader>(
      tags, message,
      [](FieldReader& in, auto& content, const Bytes& body) { read(in, content, body); });
}

}  // namespace shoal::wire::stream
