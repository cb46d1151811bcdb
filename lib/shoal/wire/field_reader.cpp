#include <shoal/base/little_endian.hpp>
#include <shoal/wire/field_reader.hpp>

namespace shoal::wire {

void put_ids(MapWriter& map, std::string_view key, std::span<const Id> ids) {
  if (ids.empty()) return;
  std::string raw;
  raw.reserve(ids.size() * Id::size);
  for (const Id& id : ids) raw += id.bytes();
  map.put_bytes(key, raw);
}

void put_u32s(MapWriter& map, std::string_view key, std::span<const std::uint32_t> numbers) {
  std::string raw;
  raw.reserve(numbers.size() * 4);
  for (std::uint32_t number : numbers) {
    put_u32(raw, number);
  }
  map.put_bytes(key, raw);
}

std::uint64_t FieldReader::number(std::string_view key, std::uint64_t most) {
  std::optional<std::uint64_t> value = map_.number(key);
  if (!value || *value > most) fault(key);
  return value.value_or(0);
}

std::optional<std::uint64_t> FieldReader::maybe_number(std::string_view key, std::uint64_t most) {
  std::optional<std::uint64_t> value = map_.number(key);
  if (value && *value > most) fault(key);
  return value;
}

Id FieldReader::id(std::string_view key) {
  std::optional<Id> value = Id::from_bytes(raw(key));
  if (!value || value->is_nil()) fault(key);
  return value.value_or(Id());
}

std::vector<Id> FieldReader::ids(std::string_view key, std::size_t most) {
  std::string_view all = raw(key);
  std::vector<Id> ids;
  if (all.size() % Id::size != 0 || all.size() / Id::size > most) {
    fault(key);
    return ids;
  }
  ids.reserve(all.size() / Id::size);
  for (; !all.empty(); all.remove_prefix(Id::size)) {
    ids.push_back(*Id::from_bytes(all.substr(0, Id::size)));
  }
  return ids;
}

std::vector<std::uint32_t> FieldReader::u32s(std::string_view key, std::size_t most) {
  std::string_view all = raw(key);
  std::vector<std::uint32_t> numbers;
  if (all.size() % 4 != 0 || all.size() / 4 > most) {
    fault(key);
    return numbers;
  }
  numbers.reserve(all.size() / 4);
  for (; !all.empty(); all.remove_prefix(4)) {
    numbers.push_back(get_u32(all, 0));
  }
  return numbers;
}

std::string FieldReader::text(std::string_view key) {
  return within_limit(key, map_.text(key));
}

std::string FieldReader::maybe_text(std::string_view key) {
  return within_limit(key, map_.text(key).value_or(""));
}

std::string FieldReader::bytes(std::string_view key) {
  return within_limit(key, map_.bytes(key));
}

std::string FieldReader::within_limit(std::string_view key, std::optional<std::string_view> value) {
  if (!value || value->size() > most_text) fault(key);
  return std::string(value.value_or("").substr(0, most_text));
}

}  // namespace shoal::wire
