#include <algorithm>

#include <nlohmann/json.hpp>

#include <shoal/base/assert.hpp>
#include <shoal/base/base64.hpp>
#include <shoal/base/utf8.hpp>
#include <shoal/wire/json_line.hpp>

namespace shoal::wire {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view binary_suffix = "_b64";
constexpr int deepest = 64;  // so that a hostile line cannot exhaust the stack

bool all_utf8(const Headers& headers) {
  for (const auto& [name, value] : headers) {
    if (!is_utf8(name) || !is_utf8(value)) return false;
  }
  return true;
}

void put_text(Json& object, const std::string& name, const std::string& text) {
  if (is_utf8(text)) {
    object[name] = text;
  } else {
    object[name + std::string(binary_suffix)] = to_base64(text);
  }
}

void put_headers(Json& object, const std::string& name, const Headers& headers) {
  const bool binary = !all_utf8(headers);
  Json inner = Json::object();
  for (const auto& [key, value] : headers) {
    if (binary) {
      inner[to_base64(key)] = to_base64(value);
    } else {
      inner[key] = value;
    }
  }
  object[binary ? name + std::string(binary_suffix) : name] = std::move(inner);
}

struct PutField {
  Json& object;
  const std::string& name;

  void operator()(const std::string& text) const { put_text(object, name, text); }
  void operator()(const Headers& headers) const { put_headers(object, name, headers); }
  void operator()(const RawJson& raw) const { object[name] = Json::parse(raw.text); }
  void operator()(const auto& plain) const { object[name] = plain; }
};

std::optional<Json> parse_bounded(std::string_view line) {
  bool too_deep = false;
  auto bound = [&too_deep](int depth, Json::parse_event_t, Json&) {
    too_deep = too_deep || depth > deepest;
    return !too_deep;
  };
  Json parsed = Json::parse(line, bound, false);
  if (too_deep || parsed.is_discarded() || !parsed.is_object()) return std::nullopt;
  return parsed;
}

std::optional<std::string> text_of(const Json& value, bool binary) {
  const auto& text = value.get_ref<const std::string&>();
  return binary ? from_base64(text) : text;
}

bool is_headers(const Json& value) {
  if (!value.is_object()) return false;
  for (const auto& inner : value) {
    if (!inner.is_string()) return false;
  }
  return true;
}

std::optional<Headers> headers_of(const Json& value, bool binary) {
  Headers headers;
  for (const auto& [key, inner] : value.items()) {
    std::optional<std::string> name = binary ? from_base64(key) : key;
    std::optional<std::string> content = text_of(inner, binary);
    if (!name || !content) return std::nullopt;
    headers[*name] = *content;
  }
  return headers;
}

/// Nothing when the value says it is base64 and is not.
std::optional<JsonValue> value_of(const Json& value, bool binary) {
  if (value.is_string()) return text_of(value, binary);
  if (is_headers(value)) return headers_of(value, binary);
  if (binary) return std::nullopt;
  if (value.is_boolean()) return value.get<bool>();
  if (value.is_number_unsigned()) return value.get<std::uint64_t>();
  if (value.is_number_integer()) return value.get<std::int64_t>();
  if (value.is_number_float()) return value.get<double>();
  return RawJson{value.dump()};
}

}  // namespace

RawJson json_array(const std::vector<std::string>& texts) {
  SHOAL_ASSERT(std::ranges::all_of(texts, is_utf8));
  return {Json(texts).dump()};
}

const JsonValue* JsonRecord::find(std::string_view name) const {
  for (const auto& [own_name, value] : fields) {
    if (own_name == name) return &value;
  }
  return nullptr;
}

std::string format_json_line(const JsonRecord& record) {
  Json object = Json::object();
  for (const auto& [name, value] : record.fields) {
    SHOAL_ASSERT(is_utf8(name) && name != "payload" && !name.ends_with(binary_suffix));
    SHOAL_ASSERT(!object.contains(name));
    std::visit(PutField{object, name}, value);
  }
  if (record.payload) put_text(object, "payload", *record.payload);
  return object.dump();
}

Result<JsonRecord> parse_json_line(std::string_view line) {
  const std::optional<Json> object = parse_bounded(line);
  if (!object) return Failure{"not a JSON object, or one nested too deep"};
  JsonRecord record;
  for (const auto& [key, value] : object->items()) {
    const bool binary = key.ends_with(binary_suffix);
    const std::string name = key.substr(0, key.size() - (binary ? binary_suffix.size() : 0));
    if (name.ends_with(binary_suffix)) return Failure{"the field " + key + " is base64 twice"};
    std::optional<JsonValue> read = value_of(value, binary);
    if (!read) return Failure{"the field " + key + " is not base64"};
    const bool twice = record.find(name) != nullptr || (name == "payload" && record.payload);
    if (twice) return Failure{"the field " + name + " stands twice"};
    if (name == "payload" && std::holds_alternative<std::string>(*read)) {
      record.payload = std::get<std::string>(std::move(*read));
    } else if (name == "payload") {
      return Failure{"the payload is not a string"};
    } else {
      record.fields.emplace_back(name, std::move(*read));
    }
  }
  return record;
}

}  // namespace shoal::wire
