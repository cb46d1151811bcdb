#include <exception>

#include <shoal/wire/msgpack_map.hpp>

namespace shoal::wire {
namespace {

// A view into the caller's bytes instead of a copy, for every str and bin.
bool by_reference(msgpack::type::object_type, std::size_t, void*) {
  return true;
}

}  // namespace

void MapWriter::key(std::string_view name) {
  packer_.pack_str(static_cast<std::uint32_t>(name.size()));
  packer_.pack_str_body(name.data(), static_cast<std::uint32_t>(name.size()));
  ++count_;
}

void MapWriter::put(std::string_view name, std::uint64_t value) {
  key(name);
  packer_.pack(value);
}

void MapWriter::put(std::string_view name, bool value) {
  key(name);
  packer_.pack(value);
}

void MapWriter::put_text(std::string_view name, std::string_view text) {
  key(name);
  packer_.pack_str(static_cast<std::uint32_t>(text.size()));
  packer_.pack_str_body(text.data(), static_cast<std::uint32_t>(text.size()));
}

void MapWriter::put_bytes(std::string_view name, std::string_view raw) {
  key(name);
  packer_.pack_bin(static_cast<std::uint32_t>(raw.size()));
  packer_.pack_bin_body(raw.data(), static_cast<std::uint32_t>(raw.size()));
}

Bytes MapWriter::take() {
  msgpack::sbuffer whole;
  msgpack::packer<msgpack::sbuffer>(whole).pack_map(count_);
  std::string out(whole.data(), whole.size());
  out.append(fields_.data(), fields_.size());
  return Bytes::take(std::move(out));
}

Result<MapReader> MapReader::parse(std::string_view raw) {
  const Failure malformed{"the head is not one msgpack map"};
  try {
    std::size_t offset = 0;
    const msgpack::unpack_limit limit(64, 64, raw.size(), raw.size(), 0, 4);
    msgpack::object_handle handle =
        msgpack::unpack(raw.data(), raw.size(), offset, by_reference, nullptr, limit);
    if (offset != raw.size() || handle->type != msgpack::type::MAP) return malformed;
    return MapReader(std::move(handle));
  } catch (const std::exception&) {
    return malformed;
  }
}

const msgpack::object* MapReader::find(std::string_view key) const {
  const msgpack::object_map& map = handle_->via.map;
  for (std::uint32_t i = 0; i < map.size; ++i) {
    const msgpack::object& name = map.ptr[i].key;
    if (name.type != msgpack::type::STR) continue;
    if (std::string_view(name.via.str.ptr, name.via.str.size) == key) return &map.ptr[i].val;
  }
  return nullptr;
}

std::optional<std::uint64_t> MapReader::number(std::string_view key) const {
  const msgpack::object* value = find(key);
  if (value == nullptr || value->type != msgpack::type::POSITIVE_INTEGER) return std::nullopt;
  return value->via.u64;
}

bool MapReader::flag(std::string_view key) const {
  const msgpack::object* value = find(key);
  return value != nullptr && value->type == msgpack::type::BOOLEAN && value->via.boolean;
}

std::optional<std::string_view> MapReader::text(std::string_view key) const {
  const msgpack::object* value = find(key);
  if (value == nullptr || value->type != msgpack::type::STR) return std::nullopt;
  return std::string_view(value->via.str.ptr, value->via.str.size);
}

std::optional<std::string_view> MapReader::bytes(std::string_view key) const {
  const msgpack::object* value = find(key);
  if (value == nullptr || value->type != msgpack::type::BIN) return std::nullopt;
  return std::string_view(value->via.bin.ptr, value->via.bin.size);
}

}  // namespace shoal::wire
