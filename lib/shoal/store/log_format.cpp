#include <cstring>
#include <limits>

#include <shoal/base/hash.hpp>
#include <shoal/base/little_endian.hpp>
#include <shoal/store/log_format.hpp>

namespace shoal::store {
namespace {

constexpr std::size_t hash_size = 8;
constexpr std::size_t stream_file_head = 36;
constexpr std::size_t gap_size = 16;
constexpr std::size_t start_size = 12;
constexpr std::size_t hashed_from = 12;  // in a record

void put_hash(std::string& out) {
  put_number(out, hash_of(out));
}

// The bytes before the hash at the end, when the hash fits and they begin with `magic`.
std::optional<std::string_view> checked(std::string_view bytes, std::string_view magic) {
  if (bytes.size() < magic.size() + hash_size || !bytes.starts_with(magic)) return std::nullopt;
  std::string_view content = bytes.substr(0, bytes.size() - hash_size);
  if (get_number<std::uint64_t>(bytes, content.size()) != hash_of(content)) return std::nullopt;
  return content;
}

Id id_at(std::string_view bytes, std::size_t at) {
  return Id::from_bytes(bytes.substr(at, Id::size)).value_or(Id());
}

}  // namespace

std::string encode_stream_file(const StreamFile& file) {
  std::string out(log_stream_magic);
  put_number(out, log_format);
  put_number(out, file.epoch);
  out += file.id.bytes();
  put_number(out, static_cast<std::uint32_t>(file.gaps.size()));
  for (const OffsetRange& gap : file.gaps) {
    put_number(out, gap.from);
    put_number(out, gap.to);
  }
  for (const EpochStart& start : file.starts) {
    put_number(out, start.epoch);
    put_number(out, start.from);
  }
  put_hash(out);
  return out;
}

std::optional<StreamFile> decode_stream_file(std::string_view bytes) {
  std::optional<std::string_view> content = checked(bytes, log_stream_magic);
  if (!content || content->size() < stream_file_head) return std::nullopt;
  if (get_number<std::uint32_t>(*content, 8) != log_format) return std::nullopt;
  StreamFile file{.id = id_at(*content, 16), .epoch = get_number<Epoch>(*content, 12)};
  std::size_t count = get_number<std::uint32_t>(*content, 32);
  std::size_t room = content->size() - stream_file_head;
  if (room < count * gap_size || (room - count * gap_size) % start_size != 0) return std::nullopt;
  std::size_t at = stream_file_head;
  for (; count > 0; --count, at += gap_size) {
    OffsetRange gap{get_number<Offset>(*content, at), get_number<Offset>(*content, at + 8)};
    bool ascends = file.gaps.empty() || file.gaps.back().to < gap.from;
    if (!ascends || gap.from >= gap.to) return std::nullopt;
    file.gaps.push_back(gap);
  }
  for (; at < content->size(); at += start_size) {
    EpochStart start{get_number<Epoch>(*content, at), get_number<Offset>(*content, at + 4)};
    bool ascends = file.starts.empty() ||
                   (file.starts.back().epoch < start.epoch && file.starts.back().from < start.from);
    if (!ascends) return std::nullopt;
    file.starts.push_back(start);
  }
  return file;
}

std::string encode_segment_header(const SegmentHeader& header) {
  std::string out(log_segment_magic);
  put_number(out, log_format);
  put_number(out, header.epoch);
  out += header.stream.bytes();
  put_number(out, header.base);
  put_number(out, header.begun);
  put_number(out, std::uint64_t{0});
  put_hash(out);
  return out;
}

std::optional<SegmentHeader> decode_segment_header(std::string_view bytes) {
  if (bytes.size() < log_segment_header_size) return std::nullopt;
  auto content = checked(bytes.substr(0, log_segment_header_size), log_segment_magic);
  if (!content || get_number<std::uint32_t>(*content, 8) != log_format) return std::nullopt;
  return SegmentHeader{.stream = id_at(*content, 16),
                       .epoch = get_number<Epoch>(*content, 12),
                       .base = get_number<Offset>(*content, 32),
                       .begun = get_number<UnixTime>(*content, 40)};
}

std::string encode_synced_note(const SyncedNote& note) {
  std::string out(log_synced_magic);
  put_number(out, note.base);
  put_number(out, note.position);
  put_number(out, note.next);
  put_hash(out);
  return out;
}

std::optional<SyncedNote> decode_synced_note(std::string_view bytes) {
  if (bytes.size() != log_synced_size) return std::nullopt;
  auto content = checked(bytes, log_synced_magic);
  if (!content) return std::nullopt;
  return SyncedNote{.base = get_number<Offset>(*content, 8),
                    .position = get_number<std::uint64_t>(*content, 16),
                    .next = get_number<Offset>(*content, 24)};
}

bool fits_log(std::size_t topic, std::size_t headers, std::size_t payload) {
  constexpr std::size_t room = log_most_record - log_record_header_size;
  return topic <= log_most_topic && headers <= room - topic && payload <= room - topic - headers;
}

void append_log_record(std::string& out, const RecordView& record) {
  SHOAL_ASSERT(fits_log(record.topic.size(), record.headers.size(), record.payload.size()));
  std::size_t size =
      log_record_header_size + record.topic.size() + record.headers.size() + record.payload.size();
  std::size_t start = out.size();
  put_number(out, static_cast<std::uint32_t>(size));
  put_number(out, std::uint64_t{0});
  put_number(out, log_record_format);
  put_number(out, record.flags);
  put_number(out, static_cast<std::uint16_t>(record.topic.size()));
  put_number(out, static_cast<std::uint32_t>(record.headers.size()));
  put_number(out, record.epoch);
  put_number(out, record.offset);
  put_number(out, record.time);
  out.append(record.topic).append(record.headers).append(record.payload);
  std::uint64_t hash = hash_of(std::string_view(out).substr(start + hashed_from));
  std::memcpy(out.data() + start + 4, &hash, sizeof hash);
}

RecordView view_log_record(std::string_view bytes) {
  std::size_t size = get_number<std::uint32_t>(bytes, 0);
  std::size_t topic = get_number<std::uint16_t>(bytes, 14);
  std::size_t headers = get_number<std::uint32_t>(bytes, 16);
  std::size_t payload = log_record_header_size + topic + headers;
  return {.offset = get_number<Offset>(bytes, 24),
          .epoch = get_number<Epoch>(bytes, 20),
          .time = get_number<UnixTime>(bytes, 32),
          .flags = get_number<std::uint8_t>(bytes, 13),
          .topic = bytes.substr(log_record_header_size, topic),
          .headers = bytes.substr(log_record_header_size + topic, headers),
          .payload = bytes.substr(payload, size - payload),
          .size = size};
}

DecodedRecord decode_log_record(std::string_view bytes) {
  constexpr DecodedRecord damaged{.state = RecordState::damaged};
  if (bytes.size() < log_record_header_size) return {.record = {.size = log_record_header_size}};
  std::size_t size = get_number<std::uint32_t>(bytes, 0);
  std::size_t topic = get_number<std::uint16_t>(bytes, 14);
  std::size_t headers = get_number<std::uint32_t>(bytes, 16);
  bool sizes = size <= log_most_record && topic <= log_most_topic && headers <= log_most_record &&
               log_record_header_size + topic + headers <= size;
  bool known = get_number<std::uint8_t>(bytes, 12) == log_record_format &&
               get_number<std::uint8_t>(bytes, 13) <= log_flag_synced_before;
  if (!sizes || !known) return damaged;
  if (bytes.size() < size) return {.record = {.size = size}};
  std::uint64_t hash = get_number<std::uint64_t>(bytes, 4);
  if (hash != hash_of(bytes.substr(hashed_from, size - hashed_from))) return damaged;
  return {.state = RecordState::whole, .record = view_log_record(bytes)};
}

Result<std::string> encode_log_headers(const LogHeaders& headers) {
  std::string out;
  for (const auto& [name, value] : headers) {
    if (name.size() > std::numeric_limits<std::uint16_t>::max() || value.size() > log_most_record) {
      return Failure{"a header is too long"};
    }
    put_number(out, static_cast<std::uint16_t>(name.size()));
    put_number(out, static_cast<std::uint32_t>(value.size()));
    out.append(name).append(value);
  }
  return out;
}

Result<LogHeaders> decode_log_headers(std::string_view bytes) {
  constexpr std::size_t sizes = 6;
  LogHeaders headers;
  while (!bytes.empty()) {
    if (bytes.size() < sizes) return Failure{"the headers are cut short"};
    std::size_t name = get_number<std::uint16_t>(bytes, 0);
    std::size_t value = get_number<std::uint32_t>(bytes, 2);
    bytes.remove_prefix(sizes);
    if (name > bytes.size() || value > bytes.size() - name) {
      return Failure{"the headers are cut short"};
    }
    auto next =
        std::pair(std::string(bytes.substr(0, name)), std::string(bytes.substr(name, value)));
    if (!headers.empty() && next.first <= headers.rbegin()->first) {
      return Failure{"the headers are out of order"};
    }
    headers.emplace_hint(headers.end(), std::move(next));
    bytes.remove_prefix(name + value);
  }
  return headers;
}

}  // namespace shoal::store
