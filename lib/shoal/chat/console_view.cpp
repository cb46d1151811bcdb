#include <array>
#include <ctime>
#include <limits>

#include <shoal/base/hash.hpp>
#include <shoal/base/units.hpp>
#include <shoal/base/utf8.hpp>
#include <shoal/chat/console_view.hpp>

namespace shoal::chat {
namespace {

constexpr std::uint64_t ms_of(std::uint64_t clock) {
  return clock >> 16;
}

/// The last that there is for a clock that is centuries ahead.
constexpr std::uint64_t ns_of(std::uint64_t ms) {
  constexpr std::uint64_t last = std::numeric_limits<std::int64_t>::max();
  return ms > last / 1'000'000 ? last : ms * 1'000'000;
}

std::string local_time(std::uint64_t ms, const char* format) {
  auto seconds = static_cast<std::time_t>(ms / 1000);
  std::tm parts{};
  localtime_r(&seconds, &parts);
  std::array<char, 64> text{};
  std::strftime(text.data(), text.size(), format, &parts);
  return text.data();
}

/// "14:03", or with its date where that is not the one of `now_ms`.
std::string time_text(std::uint64_t ms, std::uint64_t now_ms) {
  constexpr const char* date = "%Y-%m-%d";
  bool today = local_time(ms, date) == local_time(now_ms, date);
  return local_time(ms, today ? "%H:%M" : "%Y-%m-%d %H:%M");
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + printable(name);
  return text;
}

}  // namespace

/// The nick, always in the same colour.
std::string ConsoleView::name(const std::string& nick) const {
  if (!look_.colour) return printable(nick);
  // Neither black nor white, nor what is hard to read on either.
  constexpr std::array colours = {31, 32, 33, 34, 35, 36, 91, 92, 94, 95};
  int colour = colours[hash_of(nick) % colours.size()];
  return "\x1b[" + std::to_string(colour) + "m" + printable(nick) + "\x1b[0m";
}

void ConsoleView::line(std::string_view text) {
  out_ += text;
  out_ += '\n';
}

void ConsoleView::line(wire::JsonRecord record) {
  line(wire::format_json_line(record));
}

void ConsoleView::post(const Post& post, PostNote note, std::uint64_t wall_ms) {
  const bool does = post.kind == wire::chat::Kind::does;
  if (look_.json) {
    wire::JsonRecord record{.fields = {{"type", "message"},
                                       {"ts", ns_of(ms_of(post.clock))},
                                       {"room", post.room},
                                       {"from", post.nick},
                                       {"kind", does ? "does" : "says"},
                                       {"text", post.text}}};
    if (note.history) record.fields.emplace_back("history", true);
    return line(std::move(record));
  }
  std::string room = note.show_room ? "[" + printable(post.room) + "] " : "";
  std::string who = does ? "* " + name(post.nick) : "<" + name(post.nick) + ">";
  line(room + time_text(ms_of(post.clock), wall_ms) + " " + who + " " + printable(post.text));
}

void ConsoleView::direct(const Direct& direct, std::uint64_t wall_ms) {
  if (look_.json) {
    return line({.fields = {{"type", "direct"},
                            {"ts", ns_of(ms_of(direct.clock))},
                            {"from", direct.nick},
                            {"to", direct.to},
                            {"text", direct.text}}});
  }
  line(time_text(ms_of(direct.clock), wall_ms) + " <" + name(direct.nick) + " to you> " +
       printable(direct.text));
}

void ConsoleView::presence(const std::string& nick, State state,
                           const std::vector<std::string>& rooms, std::uint64_t wall_ms) {
  if (look_.json) {
    return line({.fields = {{"type", "presence"},
                            {"ts", ns_of(wall_ms)},
                            {"nick", nick},
                            {"state", text_of(state)},
                            {"rooms", wire::json_array(rooms)}}});
  }
  line("-- " + name(nick) + " is " + text_of(state));
}

void ConsoleView::came(const std::string& nick, const std::string& room) {
  if (!look_.json) line("-- " + name(nick) + " has joined " + printable(room));
}

void ConsoleView::went(const std::string& nick, const std::string& room) {
  if (!look_.json) line("-- " + name(nick) + " has left " + printable(room));
}

void ConsoleView::outcome(const std::string& to, const std::string& why, const std::string& id) {
  if (!look_.json) return line("-- " + (why.empty() ? "delivered to " + printable(to) : why));
  wire::JsonRecord record{.fields = {{"type", "outcome"}, {"to", to}, {"delivered", why.empty()}}};
  if (!why.empty()) record.fields.emplace_back("why", why);
  if (!id.empty()) record.fields.emplace_back("id", id);
  line(std::move(record));
}

void ConsoleView::user(const User& user) {
  if (look_.json) {
    return line({.fields = {{"type", "user"},
                            {"nick", user.nick},
                            {"state", text_of(user.state)},
                            {"rooms", wire::json_array(user.rooms)}}});
  }
  std::string away = user.state == State::here ? "" : " (" + text_of(user.state) + ")";
  std::string twice = user.nodes > 1 ? " (" + std::to_string(user.nodes) + " times)" : "";
  line("   " + name(user.nick) + away + twice + "  " + joined(user.rooms));
}

void ConsoleView::room(const std::string& room, std::size_t users, bool is_joined) {
  if (look_.json) {
    return line({.fields = {{"type", "room"},
                            {"room", room},
                            {"users", static_cast<std::uint64_t>(users)},
                            {"joined", is_joined}}});
  }
  line("   " + printable(room) + "  " + std::to_string(users) + " here" +
       (is_joined ? ", you too" : ""));
}

void ConsoleView::peer(const Peer& peer) {
  std::string state = peer.left ? "left" : peer.linked ? "linked" : peer.here ? "here" : "away";
  if (look_.json) {
    return line({.fields = {{"type", "peer"},
                            {"node", peer.node.hex()},
                            {"nick", peer.nick},
                            {"state", state},
                            {"endpoints", wire::json_array(peer.endpoints)},
                            {"users", static_cast<std::uint64_t>(peer.users)}}});
  }
  std::string nick = peer.nick.empty() ? peer.node.brief() : name(peer.nick);
  line("   " + nick + "  " + state + ", " + std::to_string(peer.users) +
       (peer.users == 1 ? " user" : " users") + ", heard of " + format_duration(peer.age) +
       " ago  " + joined(peer.endpoints));
}

void ConsoleView::error(const std::string& why) {
  if (look_.json) return line({.fields = {{"type", "error"}, {"why", why}}});
  line("-- " + why);
}

void ConsoleView::note(const std::string& text) {
  if (!look_.json) line("-- " + text);
}

}  // namespace shoal::chat
