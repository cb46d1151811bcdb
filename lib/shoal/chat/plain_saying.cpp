#include <shoal/base/trim.hpp>
#include <shoal/base/utf8.hpp>
#include <shoal/chat/plain_saying.hpp>
#include <shoal/wire/json_line.hpp>

namespace shoal::chat {
namespace {

using wire::chat::Kind;

/// The field where it is text, else empty.
std::string text_in(const wire::JsonRecord& record, const char* name) {
  const wire::JsonValue* value = record.find(name);
  const auto* text = value == nullptr ? nullptr : std::get_if<std::string>(value);
  return text == nullptr ? std::string() : *text;
}

Result<PlainSaying> checked(PlainSaying saying) {
  while (saying.text.ends_with('\n') || saying.text.ends_with('\r')) saying.text.pop_back();
  if (saying.text.empty()) return Failure{"it says nothing"};
  if (!is_utf8(saying.text)) return Failure{"it is not UTF-8"};
  if (!wire::chat::is_text(saying.text)) return Failure{"it is longer than 8192 bytes"};
  return saying;
}

Result<PlainSaying> of_json(const wire::JsonRecord& record) {
  PlainSaying saying{.room = make_name(text_in(record, "room")),
                     .text = text_in(record, "text"),
                     .by_peer = record.find("author") != nullptr};
  std::string nick = make_name(text_in(record, "nick"));
  if (!nick.empty()) saying.nick = std::move(nick);
  if (text_in(record, "kind") == "does") saying.kind = Kind::does;
  return checked(std::move(saying));
}

}  // namespace

std::string make_name(std::string_view text) {
  std::string name;
  for (text = trim(text); !text.empty();) {
    std::string_view rest = text;
    take_code_point(rest);
    std::string_view one = text.substr(0, text.size() - rest.size());
    std::string_view good = wire::chat::is_name(one) ? one : "_";
    if (name.size() + good.size() > wire::chat::most_name) break;
    name += good;
    text = rest;
  }
  return name;
}

Result<PlainSaying> read_plain(std::string_view topic, std::string_view payload) {
  if (topic != plain_topic) {
    const std::string prefix = std::string(plain_topic) + " ";
    bool whole = topic.starts_with(prefix) && payload.empty();
    if (!whole) return Failure{"its topic is not chat"};
    return checked({.text = std::string(topic.substr(prefix.size()))});
  }
  std::string_view text = trim(payload);
  if (text.starts_with('{')) {
    Result<wire::JsonRecord> record = wire::parse_json_line(text);
    if (record) return of_json(*record);
  }
  return checked({.text = std::string(payload)});
}

std::string write_plain(const wire::chat::Post& post) {
  return wire::format_json_line({.fields = {{"nick", post.nick},
                                            {"room", post.room},
                                            {"text", post.text},
                                            {"kind", post.kind == Kind::does ? "does" : "says"},
                                            {"author", post.author.hex()},
                                            {"seq", post.seq}}});
}

}  // namespace shoal::chat
