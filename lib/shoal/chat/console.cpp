#include <algorithm>

#include <shoal/base/assert.hpp>
#include <shoal/base/utf8.hpp>
#include <shoal/chat/console.hpp>

namespace shoal::chat {
namespace {

using namespace std::chrono_literals;
using wire::chat::is_name;
using wire::chat::is_text;
using wire::chat::Kind;

constexpr Duration look_every = 1s;

constexpr const char* no_room = "you are in no room; /join one";

/// What is wrong with a text that may not be sent.
std::string fault_in(std::string_view text) {
  if (text.empty()) return "there is nothing to say";
  if (!is_utf8(text)) return "what is not UTF-8 cannot be said; it was not sent";
  return "a message has at most " + std::to_string(wire::chat::most_text) +
         " bytes; this one has " + std::to_string(text.size()) + " and was not sent";
}

bool shares_room(const std::vector<std::string>& ours, const std::vector<std::string>& theirs) {
  auto joined = [&](const std::string& room) {
    return std::ranges::find(ours, room) != ours.end();
  };
  return std::ranges::any_of(theirs, joined);
}

}  // namespace

Console::Console(ChatActions& peer, ConsoleOptions options, Moment at)
    : peer_(peer),
      options_(std::move(options)),
      view_(options_.look),
      nick_(options_.nick),
      began_ms_(at.wall_ms),
      next_look_(at.now + look_every) {
  SHOAL_ASSERT(is_name(nick_) && std::ranges::all_of(options_.rooms, is_name));
  for (const std::string& room : options_.rooms) {
    if (std::ranges::find(rooms_, room) == rooms_.end()) rooms_.push_back(room);
  }
  if (!rooms_.empty()) room_ = rooms_.back();
  be_present();
  for (const std::string& room : rooms_) show_history(room, options_.history, at);
}

bool Console::be_present() {
  return peer_.join(nick_, rooms_);
}

bool Console::is_said() const {
  return directs_.empty() && (!posted_ || peer_.core().is_spread());
}

void Console::on_event(const Event& event, Moment at) {
  std::visit([&](const auto& content) { tell(content, at); }, event);
}

void Console::tell(const Arrived& arrived, Moment at) {
  const Post& post = arrived.post;
  if (own_.erase(place_of(post)) > 0) return;
  if (std::ranges::find(rooms_, post.room) == rooms_.end()) return;
  if (post.clock >> 16 >= began_ms_) return show(post, false, at);
  std::map<Place, Post>& old = old_[post.room];
  old.emplace(place_of(post), post);
  if (old.size() > options_.history) old.erase(old.begin());
  gathered_ = at.now + options_.gather;
}

void Console::show_gathered(Moment at) {
  gathered_ = never;
  for (const auto& [room, posts] : std::exchange(old_, {})) {
    if (std::ranges::find(rooms_, room) == rooms_.end()) continue;
    for (const auto& [place, post] : posts) show(post, true, at);
  }
}

void Console::show(const Post& post, bool history, Moment at) {
  view_.post(post, {.show_room = rooms_.size() > 1, .history = history}, at.wall_ms);
}

void Console::show_history(const std::string& room, std::size_t most, Moment at) {
  if (most == 0) return;
  for (const Post& post : peer_.core().history(room, most)) show(post, true, at);
}

void Console::tell(const PresenceChange& change, Moment at) {
  if (change.nick == nick_) return;
  PresenceChange& last =
      told_.try_emplace(change.nick, PresenceChange{.state = State::gone}).first->second;
  PresenceChange before = std::exchange(last, change);
  if (change.state == State::gone) told_.erase(change.nick);
  if (view_.look().json) {
    return view_.presence(change.nick, change.state, change.rooms, at.wall_ms);
  }
  bool known = shares_room(rooms_, before.rooms) || shares_room(rooms_, change.rooms);
  if (!known) return;
  if (before.state != change.state) {
    return view_.presence(change.nick, change.state, change.rooms, at.wall_ms);
  }
  for (const std::string& room : rooms_) {
    bool was = shares_room({room}, before.rooms);
    bool is = shares_room({room}, change.rooms);
    if (is && !was) view_.came(change.nick, room);
    if (was && !is) view_.went(change.nick, room);
  }
}

void Console::tell(const DirectArrived& arrived, Moment at) {
  if (arrived.message.to == nick_) view_.direct(arrived.message, at.wall_ms);
}

void Console::tell(const DirectEnded& ended, Moment) {
  auto found = directs_.find(ended.id);
  if (found == directs_.end()) return;
  std::string why = ended.ending == Ending::delivered ? "" : describe(ended.ending, ended.to);
  view_.outcome(ended.to, why, found->second);
  directs_.erase(found);
}

void Console::tick(Moment at) {
  if (at.now >= gathered_) show_gathered(at);
  if (at.now < next_look_) return;
  next_look_ = at.now + look_every;
  look_for_namesakes();
}

/// Two servers that could not see each other may each have let the same nick in.
void Console::look_for_namesakes() {
  bool namesake = peer_.core().is_taken(nick_, true);
  if (namesake && !namesake_) {
    view_.error("somebody else is called " + printable(nick_) +
                " too: direct messages reach neither; /nick changes yours");
  }
  namesake_ = namesake;
}

void Console::on_line(std::string_view line, Moment at) {
  ++lines_;
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (line.empty()) return;
  if (view_.look().json) return on_json(line, at);
  if (line.starts_with("//")) {
    line.remove_prefix(1);
  } else if (line.starts_with('/')) {
    return run_command(line, at);
  }
  say(room_, Kind::says, std::string(line), at);
}

void Console::on_json(std::string_view line, Moment at) {
  constexpr const char* shape =
      R"(a line is {"text": ...} with "room", "kind" or "to" where needed, or {"command": "/..."})";
  Result<wire::JsonRecord> record = wire::parse_json_line(line);
  if (!record) return view_.error(record.reason() + "; " + shape);
  bool good = true;
  auto field = [&](const char* name) {
    const wire::JsonValue* value = record->find(name);
    const auto* text = value == nullptr ? nullptr : std::get_if<std::string>(value);
    good = good && (value == nullptr || text != nullptr);
    return text == nullptr ? std::string() : *text;
  };
  std::string command = field("command");
  std::string text = field("text");
  std::string room = field("room");
  std::string to = field("to");
  std::string id = field("id");
  bool does = field("kind") == "does";
  if (!good || (command.empty() && text.empty())) return view_.error(shape);
  if (!command.empty()) return run_command(command, at);
  if (!to.empty()) return send(to, std::move(text), id);
  say(room.empty() ? room_ : room, does ? Kind::does : Kind::says, std::move(text), at);
}

void Console::say(const std::string& room, Kind kind, std::string text, Moment) {
  if (room.empty()) return view_.error(no_room);
  if (std::ranges::find(rooms_, room) == rooms_.end()) {
    return view_.error("you are not in " + printable(room) + "; /join it first");
  }
  if (!is_text(text)) return view_.error(fault_in(text));
  own_.insert(peer_.post(nick_, room, kind, std::move(text), 0));
  posted_ = true;
  look_for_listeners();
}

/// Says once that nobody hears it yet.
void Console::look_for_listeners() {
  bool alone = !peer_.core().is_linked() && peer_.core().users().size() <= 1;
  if (alone && !alone_) view_.note("nobody else is here yet; whoever comes will be told");
  alone_ = alone;
}

void Console::send(const std::string& to, std::string text, const std::string& id) {
  if (!is_name(to)) return view_.error(printable(to) + " is no nick");
  if (!is_text(text)) return view_.error(fault_in(text));
  directs_.emplace(peer_.direct(nick_, to, std::move(text)), id);
}

}  // namespace shoal::chat
