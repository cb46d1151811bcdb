#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <shoal/chat/chat_core.hpp>
#include <shoal/wire/json_line.hpp>

namespace shoal::chat {

struct ConsoleLook {
  bool json = false;    ///< an object a line, instead of text for people
  bool colour = false;  ///< of nicks, in text
};

/// Which post it is, beside what it says.
struct PostNote {
  bool show_room = false;  ///< in text: people are in several
  bool history = false;    ///< it is older than this process, or was asked for
};

/// How the console writes what it has to tell: lines of text, or JSON lines. What comes from peers
/// is made safe for a terminal. Times are local (TZ), with the date unless it is today's.
class ConsoleView {
 public:
  explicit ConsoleView(ConsoleLook look) : look_(look) {}

  // Each appends a line. `wall_ms`: now, since 1970.
  void post(const Post& post, PostNote note, std::uint64_t wall_ms);
  void direct(const Direct& direct, std::uint64_t wall_ms);
  void presence(const std::string& nick, State state, const std::vector<std::string>& rooms,
                std::uint64_t wall_ms);
  void came(const std::string& nick, const std::string& room);  ///< text only
  void went(const std::string& nick, const std::string& room);  ///< text only
  /// How a direct message ended; `why` is empty when it was delivered. `id`: the bot's, or empty.
  void outcome(const std::string& to, const std::string& why, const std::string& id);
  void user(const User& user);
  void room(const std::string& room, std::size_t users, bool joined);
  void peer(const Peer& peer);
  /// Something was not done.
  void error(const std::string& why);
  /// What has been done as asked, in text; in JSON lines nothing.
  void note(const std::string& text);

  /// What was told since the last call: whole lines.
  std::string take() { return std::exchange(out_, {}); }

  const ConsoleLook& look() const { return look_; }

 private:
  std::string name(const std::string& nick) const;
  void line(std::string_view text);
  void line(wire::JsonRecord record);

  ConsoleLook look_;
  std::string out_;
};

}  // namespace shoal::chat
