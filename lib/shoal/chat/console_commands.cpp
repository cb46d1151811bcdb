// What stands behind a slash.

#include <algorithm>
#include <charconv>

#include <shoal/base/utf8.hpp>
#include <shoal/chat/console.hpp>

namespace shoal::chat {
namespace {

using wire::chat::is_name;

constexpr std::size_t most_history = 100'000;

/// Takes the first word off, and the blanks around it.
std::string_view take_word(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  std::string_view word = text.substr(0, text.find(' '));
  text.remove_prefix(word.size());
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  return word;
}

/// What a name of this kind has to be.
std::string rule_of(std::string_view kind) {
  std::string rule(kind);
  rule += " has 1 to 64 bytes, no spaces and no control characters";
  return rule;
}

}  // namespace

const std::vector<Console::Command>& Console::commands() {
  static const std::vector<Command> all = {
      {"/help", "", "this list", &Console::help},
      {"/nick", "NICK", "be called otherwise", &Console::change_nick},
      {"/join", "ROOM", "join a room, or turn to one that you are in", &Console::join},
      {"/part", "[ROOM]", "leave a room, this one if none is named", &Console::part},
      {"/msg", "NICK TEXT", "to one user alone", &Console::msg},
      {"/me", "TEXT", "say what you do", &Console::me},
      {"/names", "[ROOM]", "who is in a room, or in this one; `*`: anywhere", &Console::names},
      {"/rooms", "", "the rooms that somebody is in", &Console::list_rooms},
      {"/peers", "", "the servers, and how they are reached", &Console::list_peers},
      {"/history", "[N]", "what was said before in this room", &Console::history},
      {"/quit", "", "leave", &Console::leave},
  };
  return all;
}

void Console::run_command(std::string_view line, Moment at) {
  std::string_view name = take_word(line);
  auto command = std::ranges::find(commands(), name, &Command::name);
  if (command == commands().end()) {
    return view_.error("there is no " + printable(name) +
                       "; /help lists the commands, and a line that begins with // says a slash");
  }
  (this->*command->run)(line, at);
}

void Console::help(std::string_view, Moment) {
  for (const Command& command : commands()) {
    std::string usage = std::string(command.name) + " " + std::string(command.arguments);
    usage.resize(18, ' ');
    view_.note(usage + std::string(command.help));
  }
  view_.note("//...             a line that begins with a slash");
}

void Console::change_nick(std::string_view rest, Moment) {
  std::string nick(take_word(rest));
  if (!is_name(nick) || !rest.empty()) return view_.error(rule_of("a nick"));
  if (nick == nick_) return;
  if (peer_.core().is_taken(nick))
    return view_.error(printable(nick) + " is taken; choose another nick");
  peer_.leave(nick_);
  nick_ = nick;
  namesake_ = false;
  be_present();
  view_.note("you are " + printable(nick_) + " now");
}

void Console::join(std::string_view rest, Moment at) {
  std::string room(take_word(rest));
  if (!is_name(room) || !rest.empty()) return view_.error(rule_of("a room"));
  if (std::ranges::find(rooms_, room) != rooms_.end()) {
    room_ = room;
    return view_.note("you talk in " + printable(room) + " now");
  }
  if (rooms_.size() == wire::chat::most_rooms) {
    return view_.error("you are in as many rooms as there may be; /part one");
  }
  rooms_.push_back(room);
  room_ = room;
  be_present();
  view_.note("you are in " + printable(room) + " now");
  show_history(room, options_.history, at);
}

void Console::part(std::string_view rest, Moment) {
  std::string room(take_word(rest));
  if (room.empty()) room = room_;
  if (std::erase(rooms_, room) == 0) return view_.error("you are not in " + printable(room));
  if (room == room_) room_ = rooms_.empty() ? "" : rooms_.back();
  be_present();
  view_.note("you have left " + printable(room) +
             (room_.empty() ? "" : " and talk in " + printable(room_) + " now"));
}

void Console::msg(std::string_view rest, Moment) {
  std::string to(take_word(rest));
  if (to.empty() || rest.empty()) return view_.error("write /msg NICK TEXT");
  send(to, std::string(rest), "");
}

void Console::me(std::string_view rest, Moment at) {
  if (rest.empty()) return view_.error("write /me and what you do");
  say(room_, wire::chat::Kind::does, std::string(rest), at);
}

void Console::names(std::string_view rest, Moment) {
  std::string room(take_word(rest));
  if (room.empty()) room = room_;
  for (const User& user : peer_.core().users()) {
    if (room == "*" || std::ranges::find(user.rooms, room) != user.rooms.end()) view_.user(user);
  }
}

void Console::list_rooms(std::string_view, Moment) {
  std::map<std::string, std::size_t> rooms;
  for (const std::string& room : rooms_) rooms[room];
  for (const User& user : peer_.core().users()) {
    for (const std::string& room : user.rooms) ++rooms[room];
  }
  for (const auto& [room, users] : rooms) {
    view_.room(room, users, std::ranges::find(rooms_, room) != rooms_.end());
  }
}

void Console::list_peers(std::string_view, Moment at) {
  std::vector<Peer> peers = peer_.core().peers(at.now);
  std::erase_if(peers, [&](const Peer& peer) { return peer.node == peer_.node(); });
  for (const Peer& peer : peers) view_.peer(peer);
  if (peers.empty()) view_.note("nobody else is known yet");
}

void Console::history(std::string_view rest, Moment at) {
  std::string_view word = take_word(rest);
  std::size_t most = options_.history;
  const char* end = word.data() + word.size();
  if (!word.empty()) {
    auto [stopped, error] = std::from_chars(word.data(), end, most);
    bool good = error == std::errc() && stopped == end && most <= most_history;
    if (!good) return view_.error("write /history N, such as /history 200");
  }
  if (room_.empty()) return view_.error("you are in no room; /join one");
  show_history(room_, most, at);
}

void Console::leave(std::string_view, Moment) {
  quit_ = true;
}

std::vector<std::string> Console::completions(std::string_view typed) const {
  std::size_t blank = typed.rfind(' ');
  std::string_view word = blank == typed.npos ? typed : typed.substr(blank + 1);
  std::set<std::string> all;
  auto offer = [&](std::string_view text) {
    if (text.starts_with(word)) all.emplace(text);
  };
  if (word.starts_with('/') && blank == typed.npos) {
    for (const Command& command : commands()) offer(command.name);
    return {all.begin(), all.end()};
  }
  bool of_rooms =
      typed.starts_with("/join ") || typed.starts_with("/part ") || typed.starts_with("/names ");
  for (const User& user : peer_.core().users()) {
    if (!of_rooms && user.nick != nick_) offer(user.nick);
    for (const std::string& room : user.rooms) {
      if (of_rooms) offer(room);
    }
  }
  if (of_rooms) std::ranges::for_each(rooms_, offer);
  return {all.begin(), all.end()};
}

}  // namespace shoal::chat
