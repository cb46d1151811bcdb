#include <shoal/base/assert.hpp>
#include <shoal/base/varint.hpp>
#include <shoal/wire/live_frames.hpp>
#include <shoal/wire/msgpack_map.hpp>

namespace shoal::wire::live {
namespace {

using namespace std::string_view_literals;

// Headers are written and read a million times a second, so the fields that all have are of one
// size, and stand where a reader may look for them first.
constexpr std::string_view epoch_key =
    "\xa1"
    "e\xcf"sv;
constexpr std::string_view seq_key = "\xa1s\xcf"sv;
constexpr std::string_view time_key = "\xa1t\xcf"sv;
constexpr std::string_view publisher_key = "\xa1p\xc4\x10"sv;
constexpr std::string_view four_fields = "\x84"sv;
constexpr std::size_t most_header_bytes = 2 * most_headers_bytes;

void put_u64(std::string& out, std::uint64_t value) {
  for (int shift = 56; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift & 0xff);
}

/// Takes parts of a known layout off a frame; false once one is not there.
class Parts {
 public:
  explicit Parts(std::string_view frame) : rest_(frame) {}

  bool skip(std::string_view expected) {
    if (!rest_.starts_with(expected)) return false;
    rest_.remove_prefix(expected.size());
    return true;
  }

  bool take(std::size_t size, std::string_view& into) {
    if (rest_.size() < size) return false;
    into = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return true;
  }

  bool take_u64(std::uint64_t& into) {
    std::string_view raw;
    if (!take(8, raw)) return false;
    into = 0;
    for (char octet : raw) into = into << 8U | static_cast<std::uint8_t>(octet);
    return true;
  }

  bool at_end() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

bool is_sound(const Header& header) {
  return !header.publisher.is_nil() && header.epoch < most_number &&
         header.seq.value_or(0) < most_number;
}

/// A header as HeaderWriter writes it without headers of its own; nothing for any other.
std::optional<Header> decode_usual(std::string_view frame) {
  Parts parts(frame);
  std::string_view publisher;
  Header header;
  std::uint64_t seq = 0;
  bool usual = parts.skip(four_fields) && parts.skip(publisher_key) &&
               parts.take(Id::size, publisher) && parts.skip(epoch_key) &&
               parts.take_u64(header.epoch) && parts.skip(seq_key) && parts.take_u64(seq) &&
               parts.skip(time_key) && parts.take_u64(header.time_ns) && parts.at_end();
  if (!usual) return std::nullopt;
  header.publisher = *Id::from_bytes(publisher);
  header.seq = seq;
  return header;
}

std::optional<Header> decode_any(std::string_view frame) {
  if (frame.size() > most_header_bytes) return std::nullopt;
  Result<MapReader> map = MapReader::parse(frame);
  if (!map) return std::nullopt;
  std::optional<Id> publisher = Id::from_bytes(map->bytes("p").value_or(""));
  std::optional<std::uint64_t> epoch = map->number("e");
  std::optional<Headers> headers = decode_headers(map->bytes("h").value_or(""));
  if (!publisher || !epoch || !headers) return std::nullopt;
  return Header{.publisher = *publisher,
                .epoch = *epoch,
                .seq = map->number("s"),
                .time_ns = map->number("t").value_or(0),
                .ends = map->flag("end"),
                .headers = *std::move(headers)};
}

}  // namespace

HeaderWriter::HeaderWriter(const Id& publisher, std::uint64_t epoch) {
  SHOAL_ASSERT(!publisher.is_nil() && epoch < most_number);
  who_.append(publisher_key).append(publisher.bytes()).append(epoch_key);
  put_u64(who_, epoch);
}

void HeaderWriter::write(std::uint64_t seq, std::uint64_t time_ns, const Headers& headers,
                         std::string& into) const {
  SHOAL_ASSERT(seq < most_number);
  into.assign(headers.empty() ? four_fields : "\x85"sv).append(who_).append(seq_key);
  put_u64(into, seq);
  into.append(time_key);
  put_u64(into, time_ns);
  if (headers.empty()) return;
  std::string raw = encode_headers(headers);
  into.append("\xa1h\xc6"sv);
  for (int shift = 24; shift >= 0; shift -= 8) into += static_cast<char>(raw.size() >> shift);
  into += raw;
}

std::string HeaderWriter::mark(bool ends) const {
  if (!ends) return std::string("\x82"sv).append(who_);
  return std::string("\x83"sv).append(who_).append(
      "\xa3"
      "end\xc3"sv);
}

std::optional<Header> decode_header(std::string_view frame) {
  std::optional<Header> header = decode_usual(frame);
  if (!header) header = decode_any(frame);
  if (header && !is_sound(*header)) return std::nullopt;
  return header;
}

std::vector<std::string> encode_totals(const std::vector<Total>& totals) {
  std::vector<std::string> frames;
  std::string one;
  for (const Total& total : totals) {
    SHOAL_ASSERT(total.topic.size() <= most_topic_bytes && total.next <= most_number);
    one.clear();
    put_sized(one, total.topic);
    put_varint(one, total.next);
    if (frames.empty() || frames.back().size() + one.size() > most_mark_bytes) {
      frames.emplace_back();
    }
    frames.back() += one;
  }
  return frames;
}

Result<std::vector<Total>> decode_totals(std::string_view frame) {
  std::vector<Total> totals;
  if (frame.size() > most_mark_bytes) return Failure{"a mark of more than 64 KiB"};
  while (!frame.empty()) {
    std::optional<std::string_view> topic = take_sized(frame);
    std::optional<std::uint64_t> next = topic ? take_varint(frame) : std::nullopt;
    if (!next) return Failure{"a mark that is cut short"};
    if (topic->size() > most_topic_bytes || *next > most_number) {
      return Failure{"a mark with a topic or a number beyond its limit"};
    }
    totals.push_back({.topic = std::string(*topic), .next = *next});
  }
  return totals;
}

}  // namespace shoal::wire::live
