#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <shoal/chat/chat_actions.hpp>
#include <shoal/chat/console_view.hpp>

namespace shoal::chat {

struct ConsoleOptions {
  std::string nick;                         ///< a name
  std::vector<std::string> rooms{"lobby"};  ///< joined at the start; names; the last is current
  std::size_t history = 50;                 ///< posts of a room that are shown on joining it
  ConsoleLook look{};
  Duration gather = std::chrono::milliseconds(300);  ///< posts from before the start are shown once
                                                     ///< none has come for so long
};

/// The user of a chat-peer who types lines, or the program that writes JSON lines, and what it is
/// told. Lines in, lines out; no descriptors and no clock.
class Console {
 public:
  /// Joins the rooms. `peer` outlives the console.
  Console(ChatActions& peer, ConsoleOptions options, Moment at);

  /// A line without its end: text for the current room, a command that begins with a slash, or, of
  /// a program, a JSON object.
  void on_line(std::string_view line, Moment at);

  void on_event(const Event& event, Moment at);

  /// To be called at next_tick() at the latest.
  void tick(Moment at);
  Time next_tick() const { return std::min(next_look_, gathered_); }

  /// What there is to print: whole lines.
  std::string take_output() { return view_.take(); }

  bool quit() const { return quit_; }  ///< the user wants to leave
  bool is_said() const;                ///< all that was typed has reached whoever is linked
  bool is_for_people() const { return !options_.look.json; }
  const std::string& room() const { return room_; }  ///< the current one; empty: none
  std::uint64_t lines() const { return lines_; }     ///< taken so far

  /// What may stand instead of the last word of what is typed, ascending: commands, nicks, rooms.
  std::vector<std::string> completions(std::string_view typed) const;

 private:
  struct Command {
    std::string_view name;
    std::string_view arguments;
    std::string_view help;
    void (Console::*run)(std::string_view rest, Moment at);
  };
  static const std::vector<Command>& commands();

  void on_json(std::string_view line, Moment at);
  void run_command(std::string_view line, Moment at);
  void say(const std::string& room, wire::chat::Kind kind, std::string text, Moment at);
  void send(const std::string& to, std::string text, const std::string& id);

  void help(std::string_view rest, Moment at);
  void change_nick(std::string_view rest, Moment at);
  void join(std::string_view rest, Moment at);
  void part(std::string_view rest, Moment at);
  void msg(std::string_view rest, Moment at);
  void me(std::string_view rest, Moment at);
  void names(std::string_view rest, Moment at);
  void list_rooms(std::string_view rest, Moment at);
  void list_peers(std::string_view rest, Moment at);
  void history(std::string_view rest, Moment at);
  void leave(std::string_view rest, Moment at);

  void tell(const Arrived& arrived, Moment at);
  void tell(const PresenceChange& change, Moment at);
  void tell(const DirectArrived& arrived, Moment at);
  void tell(const DirectEnded& ended, Moment at);

  bool be_present();
  void look_for_namesakes();
  void look_for_listeners();
  void show(const Post& post, bool history, Moment at);
  void show_history(const std::string& room, std::size_t most, Moment at);
  void show_gathered(Moment at);

  ChatActions& peer_;
  ConsoleOptions options_;
  ConsoleView view_;
  std::string nick_;
  std::string room_;
  std::vector<std::string> rooms_;  // joined, in that order
  std::uint64_t began_ms_;
  std::uint64_t lines_ = 0;
  bool posted_ = false;
  bool quit_ = false;

  std::set<Place> own_;                         // posted here, and not come back yet
  std::map<Id, std::string> directs_;           // without an outcome: what the program calls them
  std::map<std::string, PresenceChange> told_;  // of the others: the last that came
  std::map<std::string, std::map<Place, Post>> old_;  // by room: from before the start, to be shown
  Time gathered_ = never;
  Time next_look_{};
  bool namesake_ = false;
  bool alone_ = false;  // as the user has been told
};

}  // namespace shoal::chat
