#include <exception>

#include <msgpack.hpp>

#include <shoal/wire/port_frames.hpp>

namespace shoal::wire {
namespace {

// A HELLO has few fields, and nothing in a control frame nests deeper than fields in a map.
const msgpack::unpack_limit& limits() {
  static const msgpack::unpack_limit most(64, 256, 1U << 20U, 1U << 20U, 1U << 10U, 8);
  return most;
}

std::string with_kind(FrameKind kind, const msgpack::sbuffer& content) {
  std::string frame(1, static_cast<char>(kind));
  return frame.append(content.data(), content.size());
}

std::string encode_count(FrameKind kind, std::uint64_t count) {
  msgpack::sbuffer buffer;
  msgpack::packer packer(buffer);
  packer.pack_array(1).pack(count);
  return with_kind(kind, buffer);
}

/// Exactly one object; throws for anything else.
msgpack::object_handle unpack_one(std::string_view content) {
  std::size_t offset = 0;
  msgpack::object_handle handle =
      msgpack::unpack(content.data(), content.size(), offset, nullptr, nullptr, limits());
  if (offset != content.size()) throw msgpack::parse_error("trailing bytes");
  return handle;
}

template <typename T, typename Convert>
Result<T> decode_with(const char* what, std::string_view content, Convert convert) {
  try {
    msgpack::object_handle handle = unpack_one(content);
    return convert(handle.get());
  } catch (const std::exception&) {
    return Failure{std::string("malformed ") + what};
  }
}

template <typename Visit>
void each_pair(const msgpack::object& object, Visit visit) {
  if (object.type != msgpack::type::MAP) throw msgpack::type_error();
  for (std::uint32_t i = 0; i < object.via.map.size; ++i) {
    const msgpack::object_kv& pair = object.via.map.ptr[i];
    if (pair.key.type == msgpack::type::STR) visit(pair.key.as<std::string_view>(), pair.val);
  }
}

std::string_view bin_of(const msgpack::object& object) {
  if (object.type != msgpack::type::BIN) throw msgpack::type_error();
  return {object.via.bin.ptr, object.via.bin.size};
}

void read_version(const msgpack::object& object, Hello& hello) {
  if (object.type != msgpack::type::ARRAY || object.via.array.size < 2) throw msgpack::type_error();
  hello.major = object.via.array.ptr[0].as<std::uint32_t>();
  hello.minor = object.via.array.ptr[1].as<std::uint32_t>();
}

Result<Hello> hello_of(const msgpack::object& object) {
  Hello hello;
  bool version = false;
  each_pair(object, [&](std::string_view key, const msgpack::object& value) {
    if (key == "v") {
      read_version(value, hello);
      version = true;
    } else if (key == "node") {
      hello.node = Id::from_bytes(bin_of(value)).value_or(Id());
    } else if (key == "role") {
      hello.role = value.as<std::string>();
    } else if (key == "fields") {
      each_pair(value, [&](std::string_view name, const msgpack::object& field) {
        hello.fields[std::string(name)] = bin_of(field);
      });
    }
  });
  if (!version) return Failure{"HELLO without a version"};
  // Only the version has its meaning in every version; the rest is judged within ours.
  if (hello.major == protocol_major && hello.node.is_nil()) return Failure{"HELLO without a node"};
  return hello;
}

}  // namespace

Result<FrameKind> frame_kind(std::string_view frame) {
  if (frame.empty()) return Failure{"an empty frame"};
  auto kind = static_cast<std::uint8_t>(frame[0]);
  if (kind >= static_cast<std::uint8_t>(FrameKind::hello) &&
      kind <= static_cast<std::uint8_t>(FrameKind::bye)) {
    return static_cast<FrameKind>(kind);
  }
  return Failure{"a frame of unknown kind " + std::to_string(kind)};
}

std::string encode_hello(const Hello& hello) {
  msgpack::sbuffer buffer;
  msgpack::packer packer(buffer);
  packer.pack_map(4);
  packer.pack("v").pack_array(2).pack(hello.major).pack(hello.minor);
  packer.pack("node").pack_bin(Id::size).pack_bin_body(hello.node.bytes().data(), Id::size);
  packer.pack("role").pack(hello.role);
  packer.pack("fields").pack_map(static_cast<std::uint32_t>(hello.fields.size()));
  for (const auto& [name, value] : hello.fields) {
    auto size = static_cast<std::uint32_t>(value.size());
    packer.pack(name).pack_bin(size).pack_bin_body(value.data(), size);
  }
  return with_kind(FrameKind::hello, buffer);
}

std::string encode_refuse(const Refuse& refuse) {
  msgpack::sbuffer buffer;
  msgpack::packer packer(buffer);
  packer.pack_map(2);
  packer.pack("code").pack(static_cast<std::uint32_t>(refuse.code));
  packer.pack("reason").pack(refuse.reason);
  return with_kind(FrameKind::refuse, buffer);
}

std::string encode_alive(std::uint64_t received) {
  return encode_count(FrameKind::alive, received);
}

std::string encode_ping() {
  return std::string(1, static_cast<char>(FrameKind::ping));
}

std::string encode_bye(std::uint64_t received) {
  return encode_count(FrameKind::bye, received);
}

Result<Hello> decode_hello(std::string_view content) {
  return decode_with<Hello>("HELLO", content, hello_of);
}

Result<Refuse> decode_refuse(std::string_view content) {
  return decode_with<Refuse>("REFUSE", content, [](const msgpack::object& object) {
    Refuse refuse;
    each_pair(object, [&](std::string_view key, const msgpack::object& value) {
      if (key == "code") refuse.code = static_cast<RefuseCode>(value.as<std::uint32_t>());
      if (key == "reason") refuse.reason = value.as<std::string>();
    });
    return refuse;
  });
}

Result<std::uint64_t> decode_received(std::string_view content) {
  return decode_with<std::uint64_t>("count", content, [](const msgpack::object& object) {
    if (object.type != msgpack::type::ARRAY || object.via.array.size < 1) {
      throw msgpack::type_error();
    }
    return object.via.array.ptr[0].as<std::uint64_t>();
  });
}

}  // namespace shoal::wire
