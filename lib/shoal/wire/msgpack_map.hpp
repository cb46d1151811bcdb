#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <msgpack.hpp>

#include <shoal/base/bytes.hpp>
#include <shoal/base/result.hpp>

/// A msgpack map with string keys, written and read field by field: the head of every message. Only
/// the codecs in wire/ include this.
namespace shoal::wire {

/// Builds one map. Fields are counted as they are added.
class MapWriter {
 public:
  void put(std::string_view key, std::uint64_t value);
  void put(std::string_view key, bool value);
  void put_text(std::string_view key, std::string_view text);
  void put_bytes(std::string_view key, std::string_view raw);

  /// The finished map.
  Bytes take();

 private:
  void key(std::string_view name);

  msgpack::sbuffer fields_;
  msgpack::packer<msgpack::sbuffer> packer_{fields_};
  std::uint32_t count_ = 0;
};

/// Reads one map. Missing fields read as nothing; a field of another type too. Strings and bytes
/// are views into the bytes given to parse().
class MapReader {
 public:
  /// Refuses anything but exactly one map of at most 64 fields, nested at most 4 deep.
  static Result<MapReader> parse(std::string_view raw);

  std::optional<std::uint64_t> number(std::string_view key) const;
  bool flag(std::string_view key) const;  ///< false when missing
  std::optional<std::string_view> text(std::string_view key) const;
  std::optional<std::string_view> bytes(std::string_view key) const;

 private:
  explicit MapReader(msgpack::object_handle handle) : handle_(std::move(handle)) {}
  const msgpack::object* find(std::string_view key) const;

  msgpack::object_handle handle_;
};

}  // namespace shoal::wire
