#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <shoal/base/id.hpp>
#include <shoal/base/result.hpp>
#include <shoal/wire/message.hpp>
#include <shoal/wire/msgpack_map.hpp>

/// What the codecs of the patterns share. Only they include it.
namespace shoal::wire {

/// Numbers above it are out of bounds in every message.
inline constexpr std::uint64_t most_number = std::uint64_t{1} << 62;

/// Text and small bytes of one field; a head must stay within a Port's limit.
inline constexpr std::size_t most_text = 64UL << 10;

/// Ids one after another; nothing when there are none.
void put_ids(MapWriter& map, std::string_view key, std::span<const Id> ids);

/// Numbers of four bytes, little-endian, one after another.
void put_u32s(MapWriter& map, std::string_view key, std::span<const std::uint32_t> numbers);

/// Reads fields and remembers the first one that is missing or breaks a bound.
class FieldReader {
 public:
  explicit FieldReader(const MapReader& map) : map_(map) {}

  std::uint64_t number(std::string_view key, std::uint64_t most = most_number);
  std::optional<std::uint64_t> maybe_number(std::string_view key, std::uint64_t most = most_number);
  Id id(std::string_view key);
  std::vector<Id> ids(std::string_view key, std::size_t most);
  std::vector<std::uint32_t> u32s(std::string_view key, std::size_t most);
  std::string text(std::string_view key);
  std::string maybe_text(std::string_view key);  ///< empty when missing
  std::string bytes(std::string_view key);

  /// As bytes(), but a view that lives as long as the head.
  std::string_view raw(std::string_view key) const { return map_.bytes(key).value_or(""); }

  bool flag(std::string_view key) const { return map_.flag(key); }

  void fault(std::string_view key) {
    if (fault_.empty()) fault_ = key;
  }
  const std::string& first_fault() const { return fault_; }

 private:
  std::string within_limit(std::string_view key, std::optional<std::string_view> value);

  const MapReader& map_;
  std::string fault_;
};

/// The message whose tag, by its place in the variant `Any`, is the field `type` of the head.
/// `read(fields, content, body)` fills one alternative from a `Fields`, a FieldReader.
template <typename Any, typename Fields, std::size_t Count, typename Read>
Result<Any> decode_tagged(const std::array<std::string_view, Count>& tags, const Message& message,
                          Read read) {
  static_assert(Count == std::variant_size_v<Any>);
  Result<MapReader> map = MapReader::parse(message.head);
  if (!map) return Failure{map.reason()};
  auto found = std::ranges::find(tags, map->text("type").value_or(""));
  if (found == tags.end()) return Failure{"unknown message"};
  auto place = static_cast<std::size_t>(found - tags.begin());
  Fields fields(*map);
  Any any;
  auto read_as = [&]<std::size_t Index>() {
    if (Index == place) read(fields, any.template emplace<Index>(), message.body);
  };
  [&]<std::size_t... Index>(std::index_sequence<Index...>) {
    (read_as.template operator()<Index>(), ...);
  }
  (std::make_index_sequence<Count>());
  if (fields.first_fault().empty()) return any;
  return Failure{std::string(*found) + ": the field '" + fields.first_fault() +
                 "' is missing or wrong"};
}

}  // namespace shoal::wire
