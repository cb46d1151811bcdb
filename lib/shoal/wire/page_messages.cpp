#include <charconv>
#include <limits>

#include <nlohmann/json.hpp>

#include <shoal/wire/page_messages.hpp>

namespace shoal::wire::page {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::uint64_t most_tag = 1ULL << 48;
constexpr std::size_t most_session = 64;

/// Reads the fields of one object, and keeps the first thing that is wrong with them.
class Fields {
 public:
  explicit Fields(const Json& object) : object_(object) {}

  std::string text(const char* key, bool needed = true) {
    auto found = object_.find(key);
    if (found != object_.end() && found->is_string()) return found->get<std::string>();
    if (needed) fault(std::string(key) + " is missing");
    return {};
  }

  std::string name(const char* key) {
    std::string text = this->text(key);
    if (!chat::is_name(text)) {
      fault("a " + std::string(key) + " has 1 to 64 bytes, no spaces and no control characters");
    }
    return text;
  }

  std::string words() {
    std::string text = this->text("text");
    if (!chat::is_text(text)) fault("a message has 1 to 8192 bytes");
    return text;
  }

  std::uint64_t number(const char* key, std::uint64_t most, std::uint64_t least = 0) {
    auto found = object_.find(key);
    bool good = found != object_.end() && found->is_number_unsigned();
    std::uint64_t value = good ? found->get<std::uint64_t>() : 0;
    if (!good || value < least || value > most)
      fault(std::string(key) + " is not a number it may be");
    return value;
  }

  Id id(const char* key) {
    std::optional<Id> id = Id::from_hex(text(key));
    if (!id) fault(std::string(key) + " is not an id");
    return id.value_or(Id());
  }

  const Json* find(const char* key) const {
    auto found = object_.find(key);
    return found == object_.end() || found->is_null() ? nullptr : &*found;
  }

  void fault(std::string what) {
    if (fault_.empty()) fault_ = std::move(what);
  }
  const std::string& first_fault() const { return fault_; }

 private:
  const Json& object_;
  std::string fault_;
};

std::vector<std::string> rooms_of(Fields& in) {
  std::vector<std::string> rooms;
  const Json* list = in.find("rooms");
  if (list == nullptr || !list->is_array() || list->size() > chat::most_rooms) {
    in.fault("rooms is not a list of at most 64");
    return rooms;
  }
  for (const Json& room : *list) {
    bool good = room.is_string() && chat::is_name(room.get_ref<const std::string&>());
    if (!good) in.fault("a room has 1 to 64 bytes, no spaces and no control characters");
    if (good) rooms.push_back(room.get<std::string>());
  }
  return rooms;
}

std::optional<chat::Vector> seen_of(Fields& in) {
  const Json* object = in.find("seen");
  if (object == nullptr) return std::nullopt;
  chat::Vector seen;
  if (!object->is_object()) in.fault("seen is not an object");
  if (!object->is_object()) return seen;
  for (const auto& [author, next] : object->items()) {
    std::optional<Id> id = Id::from_hex(author);
    bool good = id && next.is_number_unsigned();
    if (!good) in.fault("seen names no author");
    if (good) seen[*id] = next.get<std::uint64_t>();
  }
  return seen;
}

std::uint64_t clock_of(std::string_view text) {
  std::uint64_t clock = 0;
  std::from_chars(text.data(), text.data() + text.size(), clock);
  return clock;
}

std::optional<Mark> mark_of(Fields& in) {
  const Json* object = in.find("before");
  if (object == nullptr || !object->is_object()) return std::nullopt;
  Fields fields(*object);
  Mark mark{.clock = clock_of(fields.text("clock")),
            .author = fields.id("author"),
            .seq = fields.number("seq", std::numeric_limits<std::uint64_t>::max())};
  if (!fields.first_fault().empty()) in.fault("before: " + fields.first_fault());
  return mark;
}

FromPage read(const std::string& type, Fields& in) {
  if (type == "hello") {
    return Hello{.nick = in.name("nick"),
                 .session = in.text("session").substr(0, most_session),
                 .rooms = rooms_of(in),
                 .token = in.text("token", false),
                 .seen = seen_of(in)};
  }
  if (type == "post") {
    return Post{.tag = in.number("tag", most_tag, 1),
                .room = in.name("room"),
                .kind = in.text("kind", false) == "does" ? chat::Kind::does : chat::Kind::says,
                .text = in.words()};
  }
  if (type == "direct") return Direct{in.id("id"), in.name("to"), in.words()};
  if (type == "join") return Join{in.name("room")};
  if (type == "part") return Part{in.name("room")};
  if (type == "nick") return Nick{in.name("nick")};
  if (type == "history") return History{in.name("room"), mark_of(in)};
  in.fault("there is no message of that type");
  return Join{};
}

Json json_of(const chat::Post& post) {
  Json json{{"type", "post"},           {"author", post.author.hex()},
            {"seq", post.seq},          {"clock", std::to_string(post.clock)},
            {"time", post.clock >> 16}, {"room", post.room},
            {"nick", post.nick},        {"kind", post.kind == chat::Kind::does ? "does" : "says"},
            {"text", post.text}};
  if (post.tag != 0) json["tag"] = post.tag;
  return json;
}

Json json_of(const User& user) {
  return {{"type", "user"},
          {"nick", user.nick},
          {"state", user.state},
          {"rooms", user.rooms},
          {"since", user.since_ms}};
}

}  // namespace

Result<FromPage> decode(std::string_view json) {
  Json object = Json::parse(json, nullptr, false);
  if (!object.is_object()) return Failure{"that is no JSON object"};
  Fields in(object);
  FromPage message = read(in.text("type"), in);
  if (!in.first_fault().empty()) return Failure{in.first_fault()};
  return message;
}

Subject subject_of(std::string_view json) {
  Json object = Json::parse(json, nullptr, false);
  if (!object.is_object()) return {};
  Fields in(object);
  std::string type = in.text("type");
  if (type == "post") return {.tag = in.number("tag", most_tag)};
  if (type == "direct") return {.id = Id::from_hex(in.text("id"))};
  if (type == "join") return {.room = in.text("room")};
  return {};
}

std::string say_post(const chat::Post& post) {
  return json_of(post).dump();
}

std::string say_ready(std::string_view nick, std::string_view server, const chat::Vector& seen,
                      const std::vector<User>& users) {
  Json vector = Json::object();
  for (const auto& [author, next] : seen) vector[author.hex()] = next;
  Json people = Json::array();
  for (const User& user : users) people.push_back(json_of(user));
  return Json{
      {"type", "ready"}, {"nick", nick}, {"server", server}, {"seen", vector}, {"users", people}}
      .dump();
}

std::string say_history(std::string_view room, const std::vector<chat::Post>& posts, bool more,
                        std::size_t bytes) {
  std::vector<std::string> said;  // the newest first
  std::size_t size = 0;
  for (auto post = posts.rbegin(); post != posts.rend(); ++post) {
    std::string json = say_post(*post);
    size += json.size() + 1;
    if (size > bytes && !said.empty()) break;
    said.push_back(std::move(json));
  }
  more = more || said.size() < posts.size();
  std::string list;
  for (auto json = said.rbegin(); json != said.rend(); ++json) {
    if (!list.empty()) list += ',';
    list += *json;
  }
  Json head{{"type", "history"}, {"room", room}, {"more", more}};
  std::string text = head.dump();
  text.pop_back();
  return text + R"(,"posts":[)" + list + "]}";
}

std::string say_restart() {
  return Json{{"type", "restart"}}.dump();
}

std::string say_direct(const chat::Direct& direct) {
  return Json{{"type", "direct"}, {"id", direct.id.hex()},      {"from", direct.nick},
              {"to", direct.to},  {"time", direct.clock >> 16}, {"text", direct.text}}
      .dump();
}

std::string say_outcome(const Id& id, std::string_view why) {
  Json json{{"type", "outcome"}, {"id", id.hex()}};
  if (!why.empty()) json["why"] = why;
  return json.dump();
}

std::string say_user(const User& user) {
  return json_of(user).dump();
}

std::string say_nick(std::string_view nick) {
  return Json{{"type", "nick"}, {"nick", nick}}.dump();
}

std::string say_trouble(std::string_view why, const Subject& subject) {
  Json json{{"type", "trouble"}, {"why", why}};
  if (subject.tag != 0) json["tag"] = subject.tag;
  if (subject.id) json["id"] = subject.id->hex();
  if (!subject.room.empty()) json["room"] = subject.room;
  return json.dump();
}

std::string say_refused(std::string_view why, bool token) {
  Json json{{"type", "refused"}, {"why", why}};
  if (token) json["token"] = true;
  return json.dump();
}

}  // namespace shoal::wire::page
